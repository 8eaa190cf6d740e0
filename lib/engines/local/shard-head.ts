import type { ShardOp } from "./journal-op.ts";

/** What a shard's newest state is made of, apart from its producers. */
export interface HeadState {
  partitions: number;
  layout: number;
  /** The number of the next entry. */
  seq: number;
  startSeq: number;
  isClosed: boolean;
  /** By index. */
  highWatermarks: number[];
  startOffsets: number[];
}

export function emptyHead(): HeadState {
  return { partitions: 0, layout: 0, seq: 0, startSeq: 0, isClosed: false, highWatermarks: [], startOffsets: [] };
}

export function copyHead(head: HeadState): HeadState {
  const { partitions, layout, seq, startSeq, isClosed } = head;
  return { partitions, layout, seq, startSeq, isClosed, highWatermarks: [...head.highWatermarks], startOffsets: [...head.startOffsets] };
}

/** The one place that says what an operation does to a shard: for groups being decided, for commits and for replay. */
export function advance(head: HeadState, op: ShardOp): void {
  switch (op.kind) {
    case "open":
      head.layout = Math.max(head.layout, op.layout);
      for (; head.partitions < op.partitions; head.partitions++) {
        head.highWatermarks.push(0);
        head.startOffsets.push(0);
      }
      return;
    case "append":
      head.seq = op.seq + 1;
      for (const part of op.parts) head.highWatermarks[part.index] = part.baseOffset + part.records;
      return;
    case "trim":
      head.startSeq = op.toSeq;
      head.startOffsets = [...op.startOffsets];
      return;
    case "close":
      head.isClosed = true;
      head.startSeq = head.seq;
      head.startOffsets = [...head.highWatermarks];
      return;
  }
}
