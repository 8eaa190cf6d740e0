import type { Bucket, BucketObject, Upload } from "../../../engines/aws/bucket.ts";
import { compareUtf8 } from "../../../engines/memory/utf8.ts";
import { refused } from "./refused.ts";

const keyBytesMax = 1_024;
const keysMax = 1_000;
const partsMax = 10_000;
const partBytesMin = 5 * 1024 * 1024;

interface StoredObject {
  readonly bytes: Uint8Array;
  readonly writeId: string;
  readonly modifiedMs: number;
}

/** An S3 bucket in memory. It does at once what it is asked: what can go wrong on the way there is for `faulty-storage.ts`. */
export class SimBucket implements Bucket {
  readonly #clock: { nowMs(): number };
  readonly #objects = new Map<string, StoredObject>();

  constructor(clock: { nowMs(): number }) {
    this.#clock = clock;
  }

  /** All objects, in the order of their keys. */
  get snapshot(): readonly BucketObject[] {
    return this.#listed("", undefined);
  }

  async put(key: string, bytes: Uint8Array, writeId: string): Promise<boolean> {
    checkKey(key);
    if (this.#objects.has(key)) return false;
    this.#objects.set(key, { bytes: copied(bytes), writeId, modifiedMs: this.#clock.nowMs() });
    return true;
  }

  async upload(key: string, writeId: string): Promise<Upload> {
    checkKey(key);
    const parts = new Map<number, Uint8Array>();
    let isOver = false;
    const checkOpen = (): void => {
      if (isOver) throw refused("The specified multipart upload does not exist");
    };
    return {
      part: async (number, bytes) => {
        checkOpen();
        if (!Number.isInteger(number) || number < 1 || number > partsMax) throw refused(`Part number ${number}`);
        parts.set(number, copied(bytes));
      },
      complete: async () => {
        checkOpen();
        const all = [...parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
        if (all.length === 0 || all.slice(0, -1).some(({ length }) => length < partBytesMin)) throw refused("EntityTooSmall");
        const isStored = await this.put(key, Buffer.concat(all), writeId);
        isOver ||= isStored;
        return isStored;
      },
      giveUp: async () => {
        isOver = true;
        parts.clear();
      },
    };
  }

  async get(key: string, range?: { readonly start: number; readonly length: number }): Promise<Uint8Array | "past-end" | undefined> {
    checkKey(key);
    const bytes = this.#objects.get(key)?.bytes;
    if (bytes === undefined || range === undefined) return bytes && copied(bytes);
    const { start, length } = range;
    if (!Number.isInteger(start) || !Number.isInteger(length) || start < 0 || length < 1) throw refused(`Range ${start}+${length}`);
    if (bytes.length > 0 && start >= bytes.length) return "past-end";
    return copied(bytes.subarray(start, start + length));
  }

  async writeIdOf(key: string): Promise<string | undefined> {
    checkKey(key);
    return this.#objects.get(key)?.writeId;
  }

  async list(prefix: string, { after, limit }: { readonly after?: string; readonly limit: number }): Promise<readonly BucketObject[]> {
    if (!Number.isInteger(limit) || limit < 1 || limit > keysMax) throw refused(`A listing has 1 to ${keysMax} keys, not ${limit}`);
    return this.#listed(prefix, after).slice(0, limit);
  }

  async delete(keys: readonly string[]): Promise<void> {
    if (keys.length > keysMax) throw refused(`A deletion has at most ${keysMax} keys, not ${keys.length}`);
    for (const key of keys) checkKey(key);
    for (const key of keys) this.#objects.delete(key);
  }

  #listed(prefix: string, after: string | undefined): BucketObject[] {
    return [...this.#objects]
      .filter(([key]) => key.startsWith(prefix) && (after === undefined || compareUtf8(key, after) > 0))
      .sort(([a], [b]) => compareUtf8(a, b))
      .map(([key, { bytes, modifiedMs }]) => ({ key, bytes: bytes.length, modifiedMs }));
  }
}

function checkKey(key: string): void {
  if (key === "" || Buffer.byteLength(key) > keyBytesMax) throw refused(`An object's key has 1 to ${keyBytesMax} bytes`);
}

/** Not slice(): a Buffer's would share its bytes. */
function copied(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
