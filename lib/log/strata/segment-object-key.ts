import type { Random } from "../../ports/random.ts";
import { hex } from "../hex.ts";

/** What the key of a segment's object says: `s/<2 hex>/<topicId>/<partition>/<base offset>-<id>`. */
export interface NamedObject {
  readonly topicId: string;
  readonly partition: number;
  readonly baseOffset: number;
}

export const segmentObjectsPrefix = "s/";

/** A segment's object, which is new: its key holds a random id, whose first digits spread the load over S3's partitions. */
export function segmentObjectKey(random: Random, topicId: string, partition: number, baseOffset: number): string {
  const id = hex(random.bytes(8));
  return `${segmentObjectsPrefix}${id.slice(0, 2)}/${topicId}/${partition}/${baseOffset}-${id}`;
}

const rule = /^s\/[0-9a-f]{2}\/([^/]+)\/(\d{1,5})\/(\d{1,16})-[0-9a-f]+$/;

/** Undefined for a key that no segment has. */
export function readObjectKey(key: string): NamedObject | undefined {
  const [, topicId, partition, baseOffset] = rule.exec(key) ?? [];
  if (topicId === undefined || partition === undefined || baseOffset === undefined) return undefined;
  return { topicId, partition: Number(partition), baseOffset: Number(baseOffset) };
}
