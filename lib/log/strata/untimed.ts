import type { Clock } from "../../ports/clock.ts";
import type { SegmentRow, SegmentValue } from "./segment-row.ts";

/** What a segment keeps of those in whose place it is put. Where an earlier build has not said when entries without a timestamp were sealed, they count as from now on. */
export function keptUntimed(rows: readonly SegmentRow[], clock: Pick<Clock, "nowMs">): Pick<SegmentValue, "untimedMs"> {
  const times = rows.flatMap((row) => row.untimedMs ?? (isUndated(row) ? clock.nowMs() : []));
  return times.length === 0 ? {} : { untimedMs: Math.max(...times) };
}

/** Whether nothing says how old its records are. */
export function isUndated({ records, maxTimestampMs, untimedMs }: SegmentRow): boolean {
  return records > 0 && maxTimestampMs < 0 && untimedMs === undefined;
}
