import { LogError } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";
import { checkTopicName, isId } from "../core/names.ts";
import { didYouMean } from "./suggest.ts";

const shownMax = 80;

/** Options by name, each one of `O`. */
export type OptionNames<O> = Readonly<Record<keyof Required<O>, true>>;

/** Programs without types misspell names, or take other libraries' for ours. @throws invalid_request for an option that is none */
export function checkOptionNames(of: string, options: object, known: Readonly<Record<string, true>>): void {
  const names = Object.keys(known);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || Object.hasOwn(known, name)) continue;
    const hint = didYouMean(name, names);
    throw new LogError("invalid_request", `A ${of} has no option "${name}".${hint === "" ? ` There are: ${names.join(", ")}.` : hint}`);
  }
}

/** @throws an error of this code for what is no id of 1 to `max` characters */
export function checkedId(name: string, value: unknown, max: number, code: ErrorCode): string {
  if (typeof value === "string" && isId(value, max)) return value;
  throw new LogError(code, `A ${name} must be a text of 1 to ${max} characters, none of them control characters, not ${shown(value)}.`);
}

/** @throws invalid_request, invalid_topic */
export function checkedTopic(name: string, value: unknown): string {
  if (typeof value !== "string") throw new LogError("invalid_request", `A ${name} must be a text, not ${shown(value)}.`);
  checkTopicName(value);
  return value;
}

/** A value in a message. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > shownMax ? `${value.slice(0, shownMax)}…` : value);
  if (value instanceof Date) return "a Date";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
