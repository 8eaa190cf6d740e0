/** What four digits of a year can say. */
const latestMs = Date.UTC(10_000, 0) - 1;

/** A time as ISO 8601 in UTC. Producers choose their records' timestamps: what no date of four digits is becomes the nearest that is one. */
export function isoTime(timestampMs: number): string {
  return new Date(Math.min(Math.max(0, timestampMs), latestMs)).toISOString();
}
