import { mapBounded } from "../../core/bounded.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { ShardKey } from "../../ports/journal.ts";
import { checkPayloadVersion, checksumBytes, readPart, readStepsBytes } from "./items/payload.ts";
import type { PayloadPlace, StoredEntry } from "./items/stored-entry.ts";
import { corrupt, formatVersion, n, readBytes, s } from "./items/values.ts";
import { payloadItemKey, payloadObjectKey, shardName } from "./keys.ts";
import { ByteCache } from "../../core/byte-cache.ts";
import { asLogError, Attempts, faultOf, repeat, type Context } from "./context.ts";

/** A range of a payload that holds what was asked for. */
interface Piece {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** What is wanted of one payload: a part of an entry. */
export interface WantedPart {
  readonly shard: ShardKey;
  readonly stored: StoredEntry;
  readonly index: number;
}

/** Stores and reads entries' bytes (P1, P7): small payloads are items, bigger ones objects. */
export class Payloads {
  readonly #context: Context;
  readonly #cache: ByteCache;

  constructor(context: Context) {
    this.#context = context;
    this.#cache = new ByteCache(context.tuning.payloadCacheBytes);
  }

  /** Durable when it resolves. Nobody refers to it yet: whatever becomes of it, its append is not applied. The key is new, so doing it twice is doing it once. */
  async put(shard: ShardKey, place: PayloadPlace, bytes: Uint8Array): Promise<void> {
    if (place.isObject) await this.#putObject(payloadObjectKey(shard, place.fenceEpoch, place.id), bytes, place.id);
    else await this.#putItem(shard, place, bytes);
    if (bytes.length <= this.#context.tuning.payloadWholeBytes) this.#cache.set(cacheName(shard, place), bytes);
  }

  /** @throws corrupt_log when a checksum is wrong; PayloadGone */
  async readParts(wanted: readonly WantedPart[]): Promise<readonly Uint8Array[]> {
    const results = new Array<Uint8Array>(wanted.length);
    await mapBounded(runsOf(wanted), limits.awsReadsAtOnceMax, (run) =>
      this.#read(run, ({ start, bytes }) => {
        const { id } = run.stored.payload;
        for (const { nth, at, length, index } of run.parts) results[nth] = readPart(bytes, at - start, id, index, length).slice();
      }),
    );
    return results;
  }

  /** An entry's producer steps, still encoded. @throws corrupt_log, PayloadGone */
  async readSteps(shard: ShardKey, stored: StoredEntry): Promise<Uint8Array> {
    const start = stepsPosition(stored);
    const end = start + checksumBytes + stored.stepsBytes;
    return await this.#read({ shard, stored, start, end }, (piece) =>
      readStepsBytes(piece.bytes, start - piece.start, stored.payload.id, stored.stepsBytes).slice(),
    );
  }

  /** Bytes may be damaged on their way: what cannot be right is read once more. */
  async #read<T>({ shard, stored, start, end }: Range, read: (piece: Piece) => T): Promise<T> {
    try {
      return read(await this.#range(shard, stored, start, end));
    } catch (reason) {
      const isDamage = reason instanceof LogError && (reason.code === "corrupt_log" || reason.code === "unsupported_version");
      if (!isDamage) throw reason;
      this.#cache.delete(cacheName(shard, stored.payload));
      return read(await this.#range(shard, stored, start, end));
    }
  }

  /** Bytes of a payload, at least from `start` to `end`; short when the payload is. */
  async #range(shard: ShardKey, stored: StoredEntry, start: number, end: number): Promise<Piece> {
    const { payload } = stored;
    const name = cacheName(shard, payload);
    const known = this.#cache.get(name);
    if (known !== undefined) return { start: 0, bytes: known };
    const whole = stepsPosition(stored) + (stored.stepsBytes === 0 ? 0 : checksumBytes + stored.stepsBytes);
    if (!payload.isObject) return { start: 0, bytes: await this.#cache.load(name, whole, () => this.#getItem(shard, payload)) };
    // Other partitions' readers will want the rest of it.
    if (whole <= this.#context.tuning.payloadWholeBytes)
      return { start: 0, bytes: await this.#cache.load(name, whole, () => this.#getObject(shard, payload)) };
    return { start, bytes: await this.#getObject(shard, payload, { start, length: end - start }) };
  }

  async #getItem(shard: ShardKey, place: PayloadPlace): Promise<Uint8Array> {
    const { table } = this.#context;
    const key = payloadItemKey(shard, place.fenceEpoch, place.id);
    // It never changes, so an eventually consistent read can only miss it.
    const item =
      (await repeat(this.#context, () => table.get(key, { isEventual: true }))) ?? (await repeat(this.#context, () => table.get(key)));
    if (item === undefined) throw new PayloadGone(place.id);
    const bytes = readBytes(item["d"], `payload ${place.id}`);
    checkPayloadVersion(bytes, place.id);
    return bytes;
  }

  async #getObject(shard: ShardKey, place: PayloadPlace, range?: { readonly start: number; readonly length: number }): Promise<Uint8Array> {
    const key = payloadObjectKey(shard, place.fenceEpoch, place.id);
    const found = await repeat(this.#context, () => this.#context.bucket.get(key, range));
    if (found === undefined) throw new PayloadGone(place.id);
    if (found === "past-end") throw corrupt(`payload ${place.id} is shorter than its entry says`);
    if (range === undefined) checkPayloadVersion(found, place.id);
    return found;
  }

  async #putItem(shard: ShardKey, place: PayloadPlace, bytes: Uint8Array): Promise<void> {
    const { pk, sk } = payloadItemKey(shard, place.fenceEpoch, place.id);
    const item = { pk: s(pk), sk: s(sk), v: n(formatVersion), d: { B: bytes } };
    await repeat(this.#context, () => this.#context.table.put(item));
  }

  async #putObject(key: string, bytes: Uint8Array, writeId: string): Promise<void> {
    if (!(await putObject(this.#context, key, bytes, writeId))) throw new LogError("internal", `another payload has the key ${key}`);
  }
}

/** A payload that an entry refers to is not there: the entry was trimmed, or it is lost. */
export class PayloadGone extends Error {
  override readonly name = "PayloadGone";

  constructor(id: string) {
    super(`payload ${id} is not there`);
  }
}

/** Stores an object under a key, whatever happens on the way. @returns false when somebody else's is there */
export async function putObject(context: Context, key: string, bytes: Uint8Array, writeId: string): Promise<boolean> {
  const attempts = new Attempts(context);
  for (let mayBeMine = false; ; ) {
    try {
      if (await context.bucket.put(key, bytes, writeId)) return true;
      if (!mayBeMine) return false;
      const owner = await repeat(context, () => context.bucket.writeIdOf(key));
      // Gone again: a collector was there in between.
      if (owner !== undefined) return owner === writeId;
    } catch (reason) {
      const fault = faultOf(reason);
      if (fault.kind === "refused") throw asLogError(fault);
      mayBeMine ||= fault.kind === "unknown";
      await attempts.again(fault);
    }
  }
}

function cacheName(shard: ShardKey, { id }: PayloadPlace): string {
  return `${shardName(shard)}/${id}`;
}

/** A stretch of a payload. */
interface Range {
  readonly shard: ShardKey;
  readonly stored: StoredEntry;
  readonly start: number;
  end: number;
}

/** Parts that are read with one request. */
interface Run extends Range {
  readonly parts: { readonly nth: number; readonly at: number; readonly length: number; readonly index: number }[];
}

function runsOf(wanted: readonly WantedPart[]): readonly Run[] {
  const placed = wanted.map(({ shard, stored, index }, nth) => ({ shard, stored, index, nth, ...partPosition(stored, index) }));
  const name = ({ shard, stored }: WantedPart): string => cacheName(shard, stored.payload);
  const sorted = placed.sort((a, b) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : a.at - b.at));
  const runs: Run[] = [];
  for (const { shard, stored, index, nth, at, length } of sorted) {
    const end = at + checksumBytes + length;
    const last = runs.at(-1);
    const isNear = last !== undefined && at - last.end <= limits.awsReadGapBytesMax && end - last.start <= limits.awsReadBytesMax;
    if (isNear && name(last as unknown as WantedPart) === name({ shard, stored, index })) {
      last.end = Math.max(last.end, end);
      last.parts.push({ nth, at, length, index });
    } else runs.push({ shard, stored, start: at, end, parts: [{ nth, at, length, index }] });
  }
  return runs;
}

function partPosition({ position, parts }: StoredEntry, index: number): { readonly at: number; readonly length: number } {
  let at = position;
  for (const part of parts) {
    if (part.index === index) return { at, length: part.bytes };
    at += checksumBytes + part.bytes;
  }
  throw new LogError("invalid_request", `The entry has no part of index ${index}.`);
}

/** Steps stand after the parts. */
function stepsPosition({ position, parts }: StoredEntry): number {
  return parts.reduce((at, { bytes }) => at + checksumBytes + bytes, position);
}
