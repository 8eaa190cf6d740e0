import type {
  ConsumerBody,
  ConsumerListBody,
  ConsumerPartitionBody,
  ConsumerStatusBody,
  DeadLetterBody,
  LogClient,
} from "../../client/index.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { count, table } from "../table.ts";
import { duration } from "../times.ts";

const errorCharsMax = 80;

/** What states mean, for the help. */
export const stateDetails = [
  "State is Disabled (paused); NoTopic: its topic is gone; NotRunning: its function is one of a server's own, which was started without it;",
  "Problem: a partition's newest call failed, or the server's function cannot be loaded; else Enabled.",
] as const;

export function consumerTable(consumers: ConsumerListBody["consumers"]): string {
  const rows = consumers.map(({ group, topic, state, target }) => [group, topic, state, target]);
  return table(["GROUP", "TOPIC", "STATE", "TARGET"], rows);
}

/** What can be done about a consumer that delivers nothing; undefined where that is not known of it. */
export function stateAdvice({ group, topic }: ConsumerBody, { state, partitions }: ConsumerStatusBody): string | undefined {
  if (state === "NoTopic") return `Topic ${topic} is not there any more. Where it does not come again: stratalog consumers delete ${group}`;
  if (state === "NotRunning") {
    const start = `stratalog dev --consumer FILE --topic ${topic} --group ${group}`;
    return `This server was started without its function. Start it with it: ${start}; or: stratalog consumers delete ${group}`;
  }
  return partitions.length === 0 ? `Topic ${topic} is not there any more, or you may not see it.` : undefined;
}

export function consumerFacts(consumer: ConsumerBody, { state, lag, deadLetters }: ConsumerStatusBody): string {
  const { onFailure, outputTopics, filters, retryAttempts, maxRecordAgeMs, maxBatchingWindowMs } = consumer;
  const facts = [
    ["Group", consumer.group],
    ["State", state],
    ["Topic", consumer.topic],
    ["Target", `${consumer.target}, within ${seconds(consumer.targetTimeoutMs)} a call`],
    ["Starts at", startText(consumer)],
    [
      "Batch",
      `${count(consumer.batchSize, "record")} at most${maxBatchingWindowMs === 0 ? "" : `, waits ${seconds(maxBatchingWindowMs)}`}`,
    ],
    ...filters.map((filter) => ["Filter", plain(filter)]),
    ["Retries", retryAttempts === -1 ? "until records are too old, or gone" : String(retryAttempts)],
    ["Oldest", maxRecordAgeMs === -1 ? "of any age" : seconds(maxRecordAgeMs)],
    ["On error", onErrorText(consumer)],
    ["On failure", onFailure ?? "a dead letter"],
    ...(outputTopics.length === 0 ? [] : [["Outputs", outputTopics.join(" ")]]),
    ["Lag", count(lag, "record")],
    ["Given up", count(deadLetters, "dead letter")],
  ];
  return `${facts.map(([name = "", value = ""]) => `${name.padEnd(12)}${value}`).join("\n")}\n`;
}

export function partitionTable(partitions: readonly ConsumerPartitionBody[], nowMs: number): string {
  const rows = partitions.map((at) => [
    at.partition,
    at.offset ?? "-",
    at.highWatermark,
    at.lag,
    at.oldestTimestampMs === null ? "-" : duration(nowMs - at.oldestTimestampMs),
    at.leased && at.retryAtMs === null ? "yes" : "-",
    at.invocations,
    at.attempts,
    at.retryAtMs === null ? "-" : `in ${duration(at.retryAtMs - nowMs)}`,
    at.lastError === "" ? "-" : `${at.lastErrorMs === null ? "" : `${duration(nowMs - at.lastErrorMs)} ago: `}${cut(at.lastError)}`,
  ]);
  return table(["PARTITION", "OFFSET", "END", "LAG", "OLDEST", "RUNS", "CALLS", "ATTEMPTS", "RETRY", "LAST ERROR"], rows);
}

export function letterTable(letters: readonly DeadLetterBody[], nowMs: number): string {
  const rows = letters.map(({ id, toOffset, records, condition, attempts, givenUpMs, redriving, error }) => [
    id,
    toOffset,
    records,
    condition,
    attempts,
    `${duration(nowMs - givenUpMs)} ago`,
    redriving ? "yes" : "-",
    cut(error),
  ]);
  return table(["ID", "UP TO", "RECORDS", "CONDITION", "ATTEMPTS", "GIVEN UP", "REDRIVING", "ERROR"], rows);
}

/** Every dead letter, page by page. @throws LogError, with what to do */
export async function allLetters(client: LogClient, group: string, signal: AbortSignal): Promise<readonly DeadLetterBody[]> {
  const letters: DeadLetterBody[] = [];
  let cursor: string | undefined;
  do {
    const page = { limit: limits.listLimitMax, ...(cursor !== undefined && { cursor }) };
    const body = await client.consumers.deadLetters(group, page).catch(withAdvice);
    letters.push(...body.deadLetters);
    cursor = body.nextCursor;
  } while (cursor !== undefined && !signal.aborted);
  return letters;
}

/** Says where to look for what is not there; throws any other error as it is. */
export function withAdvice(reason: unknown): never {
  const { code, message, details } = LogError.from(reason);
  if (code === "group_id_not_found") throw new LogError(code, `${message} Those that there are: stratalog consumers list`, { details });
  if (code === "not_found")
    throw new LogError(code, `${message} Those that there are: stratalog consumers dead-letters GROUP`, { details });
  throw reason;
}

function startText({ startingPosition, startingPositionTimestampMs: ms }: ConsumerBody): string {
  return startingPosition === "AT_TIMESTAMP" && ms !== undefined ? `${startingPosition} ${new Date(ms).toISOString()}` : startingPosition;
}

function onErrorText({ bisectBatchOnError, reportBatchItemFailures }: ConsumerBody): string {
  const again = bisectBatchOnError ? "the batch again, in halves" : "the batch again";
  return `${again}${reportBatchItemFailures ? "; from the record on that the function reports" : ""}`;
}

function seconds(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toLocaleString("en-US")} s`;
}

/** A function's words in one line, and without what a terminal would act on. */
function plain(text: string): string {
  return text.replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, " ").trim();
}

function cut(text: string): string {
  const line = plain(text);
  return line.length > errorCharsMax ? `${line.slice(0, errorCharsMax - 1)}…` : line;
}
