import type { Command } from "../command.ts";
import { conformance } from "./conformance.ts";
import { consume } from "./consume.ts";
import { offsets } from "./offsets.ts";
import { perfConsume } from "./perf-consume.ts";
import { perfProduce } from "./perf-produce.ts";
import { produce } from "./produce.ts";
import { serve } from "./serve.ts";
import { topicsAlter } from "./topics-alter.ts";
import { topicsCreate } from "./topics-create.ts";
import { topicsDelete } from "./topics-delete.ts";
import { topicsDescribe } from "./topics-describe.ts";
import { topicsList } from "./topics-list.ts";

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  serve,
  topicsCreate,
  topicsList,
  topicsDescribe,
  topicsAlter,
  topicsDelete,
  produce,
  consume,
  offsets,
  perfProduce,
  perfConsume,
  conformance,
];
