import { isDay } from "../core/calendar.ts";
import { UsageError } from "./usage-error.ts";

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What the help says of a time. */
export const timeDoc = "A time: ISO 8601 (2026-01-31T08:00Z), epoch milliseconds, or how long ago (30s, 15m, 2h, 7d).";

/** Milliseconds of `30s`, `15m`, `2h` or `7d`. @throws UsageError */
export function parseDurationMs(flag: string, text: string): number {
  const duration = /^(\d{1,9})([smhd])$/.exec(text);
  if (duration === null) throw new UsageError(`--${flag} "${text}" is no duration: write 30s, 15m, 2h or 7d.`);
  return Number(duration[1]) * (unitMs[duration[2] ?? ""] ?? 0);
}

/** Epoch milliseconds. @throws UsageError */
export function parseTime(flag: string, text: string, nowMs: number): number {
  if (/^\d{1,9}[smhd]$/.test(text)) return nowMs - parseDurationMs(flag, text);
  if (/^\d{1,16}$/.test(text)) return Number(text);
  const ms = /^\d{4}-\d\d-\d\d/.test(text) && isDay(text.slice(0, 10)) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new UsageError(`--${flag} "${text}" is no time. ${timeDoc}`);
  return ms;
}

/** Such as `45s`, `2m`, `3h` or `7d`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 2 * 3_600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 2 * 86_400 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
