import { basename, extname } from "node:path";
import { limits } from "../../core/limits.ts";
import type { TriggeredFunction, TriggerOptions } from "../../server/index.ts";
import type { Args } from "../args.ts";
import type { Context, Flag } from "../command.ts";
import { parseDurationMs } from "../times.ts";
import { UsageError } from "../usage-error.ts";

/** Lambda's default. */
const timeoutMsDefault = 3_000;

/** Flags of a server that runs triggered functions: names and meanings as Lambda's event source mappings have them. */
export const consumerFlags = {
  consumer: {
    type: "string",
    value: "FILE[#EXPORT]",
    multiple: true,
    doc: "Call this file's function (export handler) with the records of --topic, as Lambda does. More than one: give both flags again, in the same order.",
  },
  topic: {
    type: "string",
    value: "TOPIC",
    multiple: true,
    doc: "The topic of a --consumer. Made when it is not there, as are the other topics named here.",
  },
  group: {
    type: "string",
    value: "GROUP",
    multiple: true,
    doc: "The group of a --consumer, which remembers how far it has come. Default: the file's name.",
  },
  "from-beginning": { type: "boolean", doc: "A group that is new begins with the first record. Default: with what comes from now on." },
  "batch-size": { type: "string", value: "N", doc: `Records of one call at most. Default ${limits.triggerBatchSizeDefault}.` },
  "max-batching-window": { type: "string", value: "SECONDS", doc: "How long a call waits for its batch to fill, up to 300. Default 0." },
  filter: {
    type: "string",
    value: "PATTERN",
    multiple: true,
    doc: "Call only with records that match one of these EventBridge patterns (JSON).",
  },
  "retry-attempts": {
    type: "string",
    value: "N",
    doc: `How often a failed batch is tried again: after ${limits.deliverBackoffMs / 1_000} s, then twice as long each time, up to ${limits.deliverBackoffMsMax / 1_000} s. Default: until it succeeds, or its records are too old.`,
  },
  "max-record-age": { type: "string", value: "SECONDS", doc: "Give up records that are older, 60 to 604800. Default: none." },
  "bisect-batch-on-error": { type: "boolean", doc: "Try a failed batch again in two halves." },
  "report-batch-item-failures": { type: "boolean", doc: "The function's answer says which records failed (batchItemFailures)." },
  "on-failure": {
    type: "string",
    value: "TOPIC",
    doc: "The topic for records that were given up (after 10 more attempts, unless --retry-attempts or --max-record-age say otherwise), as TOPIC or kafka://TOPIC. Default: they are kept as dead letters.",
  },
  "output-topic": {
    type: "string",
    value: "TOPIC",
    multiple: true,
    doc: "A topic that the function may write to by answering records: they and its offset are one step. What it answers to its own topic comes to it again.",
  },
  timeout: {
    type: "string",
    value: "SECONDS",
    doc: `How long one call may take, up to ${limits.functionTimeoutMsMax / 1_000}. Default ${timeoutMsDefault / 1_000}, as Lambda's.`,
  },
} as const satisfies Record<string, Flag>;

/** The functions that a command line asks for; undefined for none. @throws UsageError */
export function triggersOf({ args, io, json }: Context, engineName: string): TriggerOptions | undefined {
  const sources = args.all("consumer");
  if (sources.length === 0) {
    const lone = Object.keys(consumerFlags).find((name) => args.has(name));
    if (lone !== undefined) throw new UsageError(`--${lone} belongs to a function: give --consumer FILE with it.`);
    return undefined;
  }
  if (engineName === "aws") {
    throw new UsageError(
      "--consumer runs functions on this machine, for engines local and memory. On AWS the functions are Lambda's: trigger them with StratalogEventSource of stratalog/cdk.",
    );
  }
  const topics = args.all("topic");
  if (topics.length !== sources.length) {
    throw new UsageError(`Each --consumer needs its --topic, in the same order: there are ${sources.length} and ${topics.length}.`);
  }
  const groups = groupsOf(args, sources);
  const shared = settingsOf(args);
  const functions = sources.map((source, nth): TriggeredFunction => {
    return { source, consumer: { ...shared, topic: topics[nth] ?? "", group: groups[nth] ?? "" } };
  });
  return { functions, print: (line) => void io.stderr.write(json ? `${JSON.stringify({ message: line })}\n` : `${line}\n`) };
}

function groupsOf(args: Args, sources: readonly string[]): readonly string[] {
  const given = args.all("group");
  if (given.length > 0 && given.length !== sources.length) {
    throw new UsageError(
      `Give --group for each --consumer, in the same order, or for none: there are ${sources.length} and ${given.length}.`,
    );
  }
  const groups = given.length > 0 ? given : sources.map(groupOf);
  const twice = groups.find((group, nth) => groups.indexOf(group) !== nth);
  if (twice !== undefined) throw new UsageError(`Two functions would share the group ${twice}: give each its own, with --group.`);
  return groups;
}

/** `./src/handler.ts#onOrder` -> `handler`. */
function groupOf(source: string): string {
  const file = basename(source.replace(/#[^#/\\]*$/, ""));
  return file.slice(0, file.length - extname(file).length).replace(/[^A-Za-z0-9._-]/g, "-") || "handler";
}

function settingsOf(args: Args): Omit<TriggeredFunction["consumer"], "topic" | "group"> {
  const destination = args.text("on-failure");
  return {
    startingPosition: args.has("from-beginning") ? "TRIM_HORIZON" : "LATEST",
    batchSize: args.integer("batch-size", 1, limits.triggerBatchSizeMax),
    maxBatchingWindowMs: secondsOf(args, "max-batching-window", 0, limits.triggerWindowMsMax),
    filters: args.all("filter"),
    retryAttempts: args.integer("retry-attempts", -1, limits.triggerRetriesMax),
    maxRecordAgeMs: secondsOf(args, "max-record-age", limits.triggerAgeMsMin, limits.triggerAgeMsMax),
    bisectBatchOnError: args.has("bisect-batch-on-error"),
    reportBatchItemFailures: args.has("report-batch-item-failures"),
    onFailure: destination === undefined || /^(kafka:\/\/|arn:)/.test(destination) ? destination : `kafka://${destination}`,
    outputTopics: args.all("output-topic"),
    targetTimeoutMs: secondsOf(args, "timeout", 1, limits.functionTimeoutMsMax) ?? timeoutMsDefault,
  };
}

/** `30`, `0.5`, `30s`, `5m`, `2h` or `7d`, in milliseconds. */
function secondsOf(args: Args, flag: keyof typeof consumerFlags, minMs: number, maxMs: number): number | undefined {
  const text = args.text(flag);
  if (text === undefined) return undefined;
  const ms = /^\d{1,9}(\.\d{1,3})?$/.test(text) ? Math.round(1_000 * Number(text)) : parseDurationMs(flag, text);
  if (ms >= minMs && ms <= maxMs) return ms;
  throw new UsageError(`--${flag} must be ${minMs / 1_000} to ${maxMs / 1_000} seconds, not "${text}".`);
}
