import { appendCases } from "./log/append.ts";
import { batchCases } from "./log/batches.ts";
import type { LogCase } from "./log/build.ts";
import { fetchCases } from "./log/fetch.ts";
import { growthCases } from "./log/growth.ts";
import { topicCases } from "./log/topics.ts";

/** What the whole log must do over every engine: the contract in `lib/log/log.ts`. */
export const logCases: readonly LogCase[] = [...topicCases, ...appendCases, ...growthCases, ...fetchCases, ...batchCases];
