import { limits } from "../../core/limits.ts";
import type { Query } from "../query.ts";

/** How much a fetch takes, and how long it waits. */
export interface FetchBounds {
  readonly recordsMax: number;
  readonly bytesMax: number;
  readonly waitMs: number;
}

/** The query parameters of that. */
export const fetchSchemas = {
  limit: { type: "integer", minimum: 1, maximum: limits.fetchRecordsMax, default: limits.fetchRecordsDefault },
  maxBytes: { type: "integer", minimum: 1, maximum: limits.fetchBytesMax, default: limits.fetchBytesDefault },
  wait: { type: "integer", minimum: 0, maximum: limits.fetchWaitMsMax, default: 0 },
} as const;

/** @throws invalid_request */
export function readFetchBounds(query: Query): FetchBounds {
  return {
    waitMs: query.integer("wait", 0, limits.fetchWaitMsMax) ?? 0,
    recordsMax: query.integer("limit", 1, limits.fetchRecordsMax) ?? limits.fetchRecordsDefault,
    bytesMax: query.integer("maxBytes", 1, limits.fetchBytesMax) ?? limits.fetchBytesDefault,
  };
}
