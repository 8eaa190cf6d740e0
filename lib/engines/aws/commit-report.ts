import type { ShardKey } from "../../ports/journal.ts";
import type { Context } from "./context.ts";

/** A commit that is in the log. */
export interface Committed {
  /** Of its first entry. */
  readonly seq: number;
  readonly durationMs: number;
  /** One for each entry. */
  readonly appends: readonly { readonly bytes: number; readonly traceId: string | undefined }[];
}

/** Logs a commit, with the trace ids of the requests that shared it. */
export function reportCommit({ telemetry }: Context, shard: ShardKey, { seq, durationMs, appends }: Committed): void {
  if (telemetry?.logs("debug") !== true) return;
  telemetry.log("debug", "commit", {
    shard: shardText(shard),
    seq,
    entries: appends.length,
    bytes: appends.reduce((sum, append) => sum + append.bytes, 0),
    durationMs,
    traceIds: [...new Set(appends.flatMap(({ traceId }) => traceId ?? []))],
  });
}

/** Counts and logs a commit that got no clear answer. @param entries how many of its entries turned out to be in the log */
export function reportAmbiguity({ telemetry }: Context, shard: ShardKey, entries: number): void {
  telemetry?.count("AmbiguousCommits", 1);
  telemetry?.log("warn", "commit-ambiguous", { shard: shardText(shard), entries });
}

function shardText({ topicId, shard }: ShardKey): string {
  return `${topicId}/${shard}`;
}
