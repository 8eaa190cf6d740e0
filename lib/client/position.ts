import { LogError } from "../core/errors.ts";
import { shown } from "./check-options.ts";
import type { Position } from "./types.ts";

/** @param name of what it is, for the message @throws invalid_request for what is no place */
export function checkedPosition(name: string, position: unknown): Position {
  if (isPosition(position)) return position;
  throw new LogError(
    "invalid_request",
    `A ${name} must be "earliest", "latest", { offset: a whole number from 0 } or { time: epoch milliseconds or a valid Date }, not ${shownPosition(position)}.`,
  );
}

function isPosition(position: unknown): position is Position {
  if (typeof position !== "object" || position === null) return position === "earliest" || position === "latest";
  if ("offset" in position) return Number.isSafeInteger(position.offset) && Number(position.offset) >= 0;
  return "time" in position && isTime(position.time);
}

function isTime(time: unknown): boolean {
  return (typeof time === "number" || time instanceof Date) && Number.isFinite(Number(time));
}

function shownPosition(position: unknown): string {
  if (typeof position !== "object" || position === null) return shown(position);
  if ("offset" in position) return `{ offset: ${shown(position.offset)} }`;
  return "time" in position ? `{ time: ${shown(position.time)} }` : shown(position);
}
