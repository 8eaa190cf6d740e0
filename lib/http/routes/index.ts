import { json } from "../responses.ts";
import type { Operation, Route } from "../route.ts";
import { openApiDocument } from "../openapi/document.ts";
import { mediaTypes } from "../wire.ts";
import { aclsRoute } from "./acls.ts";
import { consumerRoute, consumersRoute, consumerStatusRoute } from "./consumers.ts";
import { deadLettersRoute, redriveRoute } from "./dead-letters.ts";
import { groupRecordsRoute } from "./group-records.ts";
import { groupLagRoute, groupOffsetsRoute, groupRoute, groupsRoute, memberRoute } from "./groups.ts";
import { healthRoute } from "./health.ts";
import { metricsRoute } from "./metrics.ts";
import { offsetsRoute } from "./offsets.ts";
import { partitionRecordsRoute, topicRecordsRoute } from "./records.ts";
import { quotasRoute } from "./quotas.ts";
import { tokenRoute, tokensRoute } from "./tokens.ts";
import { topicRoute, topicsRoute } from "./topics.ts";
import { transactionsRoute } from "./transactions.ts";

const document: Operation = {
  id: "openApi",
  summary: "This document",
  access: "authenticated",
  answers: { 200: { description: "OpenAPI 3.1.", content: { [mediaTypes.json]: { type: "object" } } } },
  errors: [],
  async handle({ services }) {
    return json(200, openApiDocument(Object.values(routes), services.version));
  },
};
const documentRoute: Route = { path: "/openapi.json", unversioned: true, operations: { GET: document } };

/** Every route. `router.ts` finds one by path. */
export const routes = {
  topics: topicsRoute,
  topic: topicRoute,
  topicRecords: topicRecordsRoute,
  partitionRecords: partitionRecordsRoute,
  offsets: offsetsRoute,
  groups: groupsRoute,
  group: groupRoute,
  member: memberRoute,
  transactions: transactionsRoute,
  groupOffsets: groupOffsetsRoute,
  groupRecords: groupRecordsRoute,
  groupLag: groupLagRoute,
  consumers: consumersRoute,
  consumer: consumerRoute,
  consumerStatus: consumerStatusRoute,
  deadLetters: deadLettersRoute,
  redrive: redriveRoute,
  acls: aclsRoute,
  tokens: tokensRoute,
  token: tokenRoute,
  quotas: quotasRoute,
  health: healthRoute,
  metrics: metricsRoute,
  document: documentRoute,
} as const satisfies Record<string, Route>;
