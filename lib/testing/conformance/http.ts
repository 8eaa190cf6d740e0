import { aclCases } from "./http/acls.ts";
import { byteCases } from "./http/bytes.ts";
import { consumerCases } from "./http/consumers.ts";
import { fetchCases } from "./http/fetch.ts";
import { groupCases } from "./http/groups.ts";
import { idempotenceCases } from "./http/idempotence.ts";
import { produceCases } from "./http/produce.ts";
import { protocolCases } from "./http/protocol.ts";
import { quotaCases } from "./http/quotas.ts";
import { streamCases } from "./http/streams.ts";
import type { HttpCase } from "./http/target.ts";
import { tokenCases } from "./http/tokens.ts";
import { topicCases } from "./http/topics.ts";

export type { HttpCase } from "./http/target.ts";

/**
 * The HTTP API as a black box: every case needs a URL and nothing else, makes topics of its own and deletes them.
 * `stratalog conformance URL` runs them against any server.
 */
export const httpCases: readonly HttpCase[] = [
  ...topicCases,
  ...produceCases,
  ...idempotenceCases,
  ...byteCases,
  ...fetchCases,
  ...streamCases,
  ...groupCases,
  ...consumerCases,
  ...aclCases,
  ...tokenCases,
  ...quotaCases,
  ...protocolCases,
];
