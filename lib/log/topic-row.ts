import { LogError } from "../core/errors.ts";
import { configOf, type TopicOverrides } from "../core/topic-config.ts";
import type { CatalogItem, CatalogKey, JsonValue } from "../ports/catalog.ts";
import type { Topic } from "./log.ts";

/** The catalog's row of a topic: `pk` "topics", `sk` its name. */
export interface TopicRow {
  readonly id: string;
  /** Every count that the topic has had, oldest first. */
  readonly partitionCounts: readonly number[];
  readonly partitionsPerShard: number;
  readonly overrides: TopicOverrides;
  readonly createdMs: number;
  /** A growth that has begun: whoever sees it may finish it. 0 when none. */
  readonly growingTo: number;
}

/** A topic with the version of its row. */
export interface VersionedTopic {
  readonly topic: Topic;
  readonly row: TopicRow;
  readonly version: number;
}

const formatVersion = 1;

export const topicsPk = "topics";
/** Topics whose rows are gone and of which something is left, and those that are being made: `sk` is the topic's id. */
export const deletedTopicsPk = "deleted-topics";

export function topicKey(name: string): CatalogKey {
  return { pk: topicsPk, sk: name };
}

export function topicRowValue(row: TopicRow): JsonValue {
  return { v: formatVersion, ...row, overrides: { ...row.overrides } };
}

/** @throws unsupported_version for a row that a newer build wrote */
export function readTopic(item: CatalogItem): VersionedTopic {
  const stored = item.value as unknown as TopicRow & { readonly v: number };
  if (stored.v !== formatVersion) {
    throw new LogError(
      "unsupported_version",
      `Topic "${item.key.sk}" was written in format ${stored.v}; this build reads ${formatVersion}. Upgrade it.`,
    );
  }
  const { id, partitionCounts, partitionsPerShard, overrides, createdMs, growingTo } = stored;
  const row: TopicRow = { id, partitionCounts, partitionsPerShard, overrides, createdMs, growingTo };
  return { topic: topicOf(item.key.sk, row), row, version: item.version };
}

export function topicOf(name: string, row: TopicRow): Topic {
  const { id, partitionCounts, partitionsPerShard, overrides, createdMs } = row;
  return {
    name,
    id,
    partitions: partitionCounts.at(-1) ?? 0,
    partitionsPerShard,
    partitionCounts,
    config: configOf(overrides),
    overrides,
    createdMs,
  };
}
