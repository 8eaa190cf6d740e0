import { LogError } from "../../core/errors.ts";
import { collectBytes } from "../../core/collect-bytes.ts";
import { limits } from "../../core/limits.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import { compareUtf8 } from "./utf8.ts";

export interface MemoryObject {
  readonly bytes: Uint8Array;
  readonly modifiedMs: number;
}

const keyRule = /^[A-Za-z0-9/._=-]{1,512}$/;

/** The port over a map. */
export function memoryObjectStore(objects: Map<string, MemoryObject>, nowMs: () => number, ensureOpen: () => void): ObjectStore {
  return {
    async put(key, body) {
      ensureOpen();
      checkKey(key);
      const bytes = body instanceof Uint8Array ? body.slice() : await collectBytes(body);
      ensureOpen();
      if (objects.has(key)) return false;
      objects.set(key, { bytes, modifiedMs: nowMs() });
      return true;
    },
    async get(key, range) {
      ensureOpen();
      checkKey(key);
      const found = objects.get(key)?.bytes;
      if (range === undefined || found === undefined) return found?.slice();
      const { start, length } = range;
      if (!Number.isInteger(start) || !Number.isInteger(length) || start < 0 || length < 1) {
        throw new LogError("invalid_request", `A range needs a start from 0 and a length from 1, not ${start} and ${length}.`);
      }
      if (found.length > 0 && start >= found.length) {
        throw new LogError("offset_out_of_range", `Object ${key} has ${found.length} bytes; the range starts at ${start}.`);
      }
      return found.slice(start, start + length);
    },
    async list(prefix, { after, limit }) {
      ensureOpen();
      if (!Number.isInteger(limit) || limit < 1 || limit > limits.objectsListMax) {
        throw new LogError("invalid_request", `A listing's limit is 1 to ${limits.objectsListMax}, not ${limit}.`);
      }
      return [...objects]
        .filter(([key]) => key.startsWith(prefix) && (after === undefined || compareUtf8(key, after) > 0))
        .sort(([a], [b]) => compareUtf8(a, b))
        .slice(0, limit)
        .map(([key, { bytes, modifiedMs }]) => ({ key, bytes: bytes.length, modifiedMs }));
    },
    async delete(keys) {
      ensureOpen();
      if (keys.length > limits.objectsDeleteMax)
        throw new LogError("request_too_large", `One deletion has at most ${limits.objectsDeleteMax} keys, not ${keys.length}.`);
      for (const key of keys) checkKey(key);
      for (const key of keys) objects.delete(key);
    },
  };
}

function checkKey(key: string): void {
  const elements = key.split("/");
  if (keyRule.test(key) && !elements.some((element) => /^\.*$/.test(element))) return;
  throw new LogError(
    "invalid_request",
    `"${key.slice(0, 80)}" is no object key: 1 to 512 of letters, digits, / . _ - =, no empty or dot-only element.`,
  );
}
