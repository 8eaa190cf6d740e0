import { LogError } from "./errors.ts";
import { limits } from "./limits.ts";

interface Setting {
  readonly default: string;
  readonly doc: string;
  /** Undefined when the value is fine, else what it has to be. */
  readonly check: (value: string) => string | undefined;
}

const integer = (min: number, max: number) => (value: string) =>
  /^-?\d{1,16}$/.test(value) && Number(value) >= min && Number(value) <= max ? undefined : `an integer from ${min} to ${max}`;
const oneOf =
  (...allowed: readonly string[]) =>
  (value: string) =>
    allowed.includes(value) ? undefined : `one of ${allowed.join(", ")}`;
const ratio = (value: string) => (/^(0(\.\d+)?|1(\.0+)?)$/.test(value) ? undefined : "a number from 0 to 1");

/** A topic's settings: names, defaults and meanings are Kafka's. */
export const topicSettings = {
  "cleanup.policy": {
    default: "delete",
    doc: "What happens to old records: `delete` lets them expire, `compact` keeps the last of each key.",
    check: oneOf("delete", "compact", "compact,delete"),
  },
  "compression.type": {
    default: "producer",
    doc: "How batches are stored; `producer` keeps them as they were sent (JSON requests: uncompressed).",
    check: oneOf("producer", "uncompressed", "gzip", "zstd"),
  },
  "delete.retention.ms": {
    default: "86400000",
    doc: "How long compaction keeps a tombstone, from when it first kept it.",
    check: integer(0, Number.MAX_SAFE_INTEGER),
  },
  "inline.max.bytes": {
    default: String(limits.awsInlineBytes),
    doc: "Engine aws: requests up to this many bytes are kept in DynamoDB (fast), bigger ones in S3 (cheap when big).",
    check: integer(0, limits.awsInlineBytesMax),
  },
  "max.message.bytes": { default: "1048588", doc: "The largest record batch.", check: integer(0, limits.messageBytesMax) },
  "message.timestamp.type": { default: "CreateTime", doc: "Whose time a record has.", check: oneOf("CreateTime", "LogAppendTime") },
  "min.cleanable.dirty.ratio": { default: "0.5", doc: "How much of a log must be uncompacted before compaction runs.", check: ratio },
  "min.compaction.lag.ms": { default: "0", doc: "How long a record stays uncompacted.", check: integer(0, Number.MAX_SAFE_INTEGER) },
  "retention.bytes": { default: "-1", doc: "How much a partition keeps; -1: no bound.", check: integer(-1, Number.MAX_SAFE_INTEGER) },
  "retention.ms": { default: "604800000", doc: "How long records are kept; -1: for ever.", check: integer(-1, Number.MAX_SAFE_INTEGER) },
  "segment.bytes": { default: "1073741824", doc: "The size of a segment.", check: integer(1_048_576, 2_147_483_647) },
  "segment.ms": { default: "604800000", doc: "The age at which a segment is closed.", check: integer(1, Number.MAX_SAFE_INTEGER) },
} as const satisfies Record<string, Setting>;

export type TopicConfigKey = keyof typeof topicSettings;
/** Every config with its value, as strings, which is how Kafka has them. */
export type TopicConfig = Readonly<Record<TopicConfigKey, string>>;
export type TopicOverrides = Readonly<Partial<Record<TopicConfigKey, string>>>;

/** The overrides after a change: strings, numbers and booleans set a value, `null` sets it back. @throws invalid_config */
export function changeOverrides(current: TopicOverrides, change: Readonly<Record<string, unknown>>): TopicOverrides {
  const result: Partial<Record<TopicConfigKey, string>> = { ...current };
  for (const [key, raw] of Object.entries(change)) {
    if (!isConfigKey(key)) {
      throw new LogError("invalid_config", `There is no topic config "${key}". There are: ${Object.keys(topicSettings).join(", ")}.`);
    }
    if (raw === null) {
      delete result[key];
      continue;
    }
    result[key] = checkedValue(key, raw);
  }
  return result;
}

/** All configs in force. */
export function configOf(overrides: TopicOverrides): TopicConfig {
  const defaults = Object.entries(topicSettings).map(([key, setting]) => [key, setting.default]);
  return { ...(Object.fromEntries(defaults) as TopicConfig), ...overrides };
}

function isConfigKey(key: string): key is TopicConfigKey {
  return Object.hasOwn(topicSettings, key);
}

function checkedValue(key: TopicConfigKey, raw: unknown): string {
  const isText = typeof raw === "string" || typeof raw === "number" || typeof raw === "boolean";
  const value = isText ? String(raw) : "";
  const wanted = isText ? topicSettings[key].check(value) : "a string or a number";
  if (wanted !== undefined) throw new LogError("invalid_config", `Topic config ${key} must be ${wanted}.`);
  return value;
}
