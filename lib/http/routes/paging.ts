import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Query } from "../query.ts";
import type { Parameter } from "../route.ts";

export const pageParameters = {
  limit: {
    description: "How many at most.",
    schema: { type: "integer", minimum: 1, maximum: limits.listLimitMax, default: limits.listLimitDefault },
  },
  cursor: { description: "`nextCursor` of the page before.", schema: { type: "string" } },
} as const satisfies Record<string, Parameter>;

export interface Page {
  readonly limit: number;
  /** Empty at the start. */
  readonly after: string;
}

/** @throws invalid_request */
export function readPage(query: Query, cursorLengthMax: number): Page {
  const limit = query.integer("limit", 1, limits.listLimitMax) ?? limits.listLimitDefault;
  const after = query.get("cursor") ?? "";
  if (after.length > cursorLengthMax) throw new LogError("invalid_request", "cursor is none of this list's: send nextCursor as it was.");
  return { limit, after };
}

/** A page of a list by group. @throws invalid_request */
export function readGroupPage(query: Query): Page & { readonly prefix: string } {
  const limit = query.integer("limit", 1, limits.listLimitMax) ?? limits.listLimitDefault;
  const [prefix, after] = [query.get("prefix") ?? "", query.get("cursor") ?? ""];
  if (prefix.length <= limits.groupIdLengthMax && after.length <= limits.groupIdLengthMax) return { prefix, after, limit };
  throw new LogError("invalid_request", "prefix and cursor are no longer than a group's id.");
}

/** The elements of a body's array, which has some. @throws invalid_request */
export function itemsOf(fields: ReadonlyMap<string, unknown>, name: string, max: number): readonly unknown[] {
  const value = fields.get(name);
  if (Array.isArray(value) && value.length > 0 && value.length <= max) return value;
  throw new LogError("invalid_request", `${name} must be an array of 1 to ${max}.`);
}
