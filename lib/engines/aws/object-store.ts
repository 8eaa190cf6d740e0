import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { ByteRange, ObjectInfo, ObjectStore } from "../../ports/object-store.ts";
import { objectPrefix } from "./keys.ts";
import { putObject } from "./payloads.ts";
import { putPieces } from "./put-pieces.ts";
import { newId, repeat, type Context } from "./context.ts";

const keyRule = /^[A-Za-z0-9/._=-]{1,512}$/;

/** The port over the same bucket, under a prefix of its own. */
export class AwsObjectStore implements ObjectStore {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  async put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<boolean> {
    checkKey(key);
    const [stored, writeId] = [objectPrefix + key, newId(this.#context)];
    if (body instanceof Uint8Array) return await putObject(this.#context, stored, body.slice(), writeId);
    return await putPieces(this.#context, stored, body, writeId);
  }

  async get(key: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    checkKey(key);
    if (range !== undefined) checkRange(range);
    const found = await repeat(this.#context, () => this.#context.bucket.get(objectPrefix + key, range));
    if (found === "past-end") {
      throw new LogError("offset_out_of_range", `Object ${key} ends before byte ${range?.start ?? 0}, where the range starts.`);
    }
    return found;
  }

  async list(prefix: string, { after, limit }: { readonly after?: string; readonly limit: number }): Promise<readonly ObjectInfo[]> {
    if (!Number.isInteger(limit) || limit < 1 || limit > limits.objectsListMax) {
      throw new LogError("invalid_request", `A listing's limit is 1 to ${limits.objectsListMax}, not ${limit}.`);
    }
    const page = { limit, ...(after !== undefined && { after: objectPrefix + after }) };
    const found = await repeat(this.#context, () => this.#context.bucket.list(objectPrefix + prefix, page));
    return found.map(({ key, ...info }) => ({ key: key.slice(objectPrefix.length), ...info }));
  }

  async delete(keys: readonly string[]): Promise<void> {
    if (keys.length > limits.objectsDeleteMax) {
      throw new LogError("request_too_large", `One deletion has at most ${limits.objectsDeleteMax} keys, not ${keys.length}.`);
    }
    for (const key of keys) checkKey(key);
    if (keys.length === 0) return;
    await repeat(this.#context, () => this.#context.bucket.delete(keys.map((key) => objectPrefix + key)));
  }
}

function checkRange({ start, length }: ByteRange): void {
  if (Number.isInteger(start) && Number.isInteger(length) && start >= 0 && length >= 1) return;
  throw new LogError("invalid_request", `A range needs a start from 0 and a length from 1, not ${start} and ${length}.`);
}

function checkKey(key: string): void {
  if (keyRule.test(key) && !key.split("/").some((element) => /^\.*$/.test(element))) return;
  throw new LogError(
    "invalid_request",
    `"${key.slice(0, 80)}" is no object key: 1 to 512 of letters, digits, / . _ - =, no empty or dot-only element.`,
  );
}
