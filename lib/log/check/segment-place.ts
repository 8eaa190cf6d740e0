import type { ShardKey } from "../../ports/journal.ts";
import type { Topic } from "../log.ts";
import type { Check } from "./context.ts";

/** The partition whose segments are looked at. */
export interface SegmentPlace {
  readonly check: Check;
  readonly topic: Topic;
  readonly partition: number;
  readonly shard: ShardKey;
  readonly index: number;
}
