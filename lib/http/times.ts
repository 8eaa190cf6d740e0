import { isDay } from "../core/calendar.ts";
import { LogError } from "../core/errors.ts";
import type { FetchFrom } from "../log/log.ts";
import { shown } from "./query.ts";

const iso = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/**
 * Epoch milliseconds or ISO 8601 (a date alone is its start in UTC; a time needs a zone), or undefined. A space stands for the plus sign of a
 * zone: some gateways open queries so.
 */
export function parseTimeMs(given: string): number | undefined {
  const text = given.replace(/ (?=\d{2}:\d{2}$)/, "+");
  const timeMs = /^\d{1,16}$/.test(text) ? Number(text) : isDay(iso.exec(text)?.[1] ?? "") ? Date.parse(text) : Number.NaN;
  return Number.isSafeInteger(timeMs) ? timeMs : undefined;
}

/** `N`, `earliest`, `latest` or `@time`. @throws invalid_request */
export function parseOffset(text: string): FetchFrom {
  if (text === "earliest" || text === "latest") return text;
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  const timestampMs = text.startsWith("@") ? parseTimeMs(text.slice(1)) : undefined;
  if (timestampMs !== undefined) return { timestampMs };
  throw new LogError(
    "invalid_request",
    `"${shown(text)}" is no offset: use a number from 0, earliest, latest, or @ and a time (epoch milliseconds, or ISO 8601 with a zone such as 2026-01-31T08:00:00Z).`,
  );
}
