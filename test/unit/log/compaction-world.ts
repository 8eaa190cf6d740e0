import assert from "node:assert/strict";
import { decodeBatches, encodeBatch } from "../../../lib/core/codec/record-batch.ts";
import { LogError } from "../../../lib/core/errors.ts";
import type { NewRecord, StoredRecord } from "../../../lib/core/record.ts";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { checkLog } from "../../../lib/log/check/check-log.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { createJanitor, type JanitorReport } from "../../../lib/log/janitor.ts";
import { allSegments } from "../../../lib/log/strata/segment-row.ts";
import { Frontiers } from "../../../lib/log/strata/frontiers.ts";
import { defaultStrataTuning, type StrataTuning } from "../../../lib/log/strata/tuning.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression as compression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { CompressionType } from "../../../lib/ports/compression.ts";
import type { Engine } from "../../../lib/ports/engine.ts";
import { atOnce } from "../../../lib/testing/conformance/strata/build.ts";

/** A record as tests write it: null: no key, or a tombstone. */
export type Given = readonly [key: string | null, value: string | null];

/** What is done to a call of a port: it may wait, or throw. */
export type Disturb = (call: string, isWrite: boolean) => Promise<"before" | "after" | undefined>;

const utf8 = new TextEncoder();
export const startMs = 1_000_000_000;

/** One compacted partition over the memory engine, with all that was ever appended to it kept apart, in a plain list. */
export async function compactedTopic(config: Readonly<Record<string, unknown>>, tuning: Partial<StrataTuning> = {}) {
  let nowMs = startMs;
  const clock = { ...nodeClock, nowMs: () => nowMs };
  const parts = { clock, random: nodeRandom, compression };
  const strata = { ...atOnce, ...tuning };
  const engine = createMemoryEngine();
  const log = createLog(engine, { ...parts, strata });
  const { id } = await log.topics.create({ name: "t", config: { "cleanup.policy": "compact", ...config } });
  const appended: StoredRecord[] = [];

  const append = async (given: readonly Given[], type: CompressionType = "none"): Promise<void> => {
    const records = given.map(
      ([key, value]): NewRecord => ({
        key: key === null ? null : utf8.encode(key),
        value: value === null ? null : utf8.encode(value),
        headers: [],
      }),
    );
    const bytes = encodeBatch(records, { nowMs, compression, compressionType: type });
    const { baseOffset } = await log.appendBatches("t", 0, bytes);
    assert.equal(baseOffset, appended.length);
    for (const [nth, record] of records.entries()) appended.push({ ...record, offset: baseOffset + nth, timestampMs: nowMs });
  };

  /** All that a reader gets from an offset on, fetch by fetch. */
  const read = async (from = 0, bytesMax = 1_000_000): Promise<StoredRecord[]> => {
    const seen: StoredRecord[] = [];
    for (let next = from; ; ) {
      const { batches, nextOffset, highWatermark } = await log.fetch("t", 0, { from: next, bytesMax });
      for (const record of decodeBatches(batches, compression)) if (record.offset >= next) seen.push(record);
      if (nextOffset >= highWatermark) return seen;
      assert.ok(nextOffset > next, `a fetch from ${next} comes to no more than ${nextOffset} of ${highWatermark}`);
      next = nextOffset;
    }
  };

  return {
    id,
    engine,
    services: { engine, ...parts, frontiers: Frontiers.of(engine, clock), tuning: { ...defaultStrataTuning, ...strata } },
    log,
    append,
    read,
    appended,
    rows: () => allSegments(engine.catalog, id, 0),
    /** What `stratalog check` finds wrong, but for what decision 0009 leaves behind where there is no grace: an object that was put after the collector had deleted it. */
    faults: async (): Promise<readonly string[]> => {
      const messages: string[] = [];
      for await (const { isFault, kind, what, message } of checkLog(engine, parts)) {
        if (isFault && !(kind === "unreferenced" && what === "object")) messages.push(message);
      }
      return messages;
    },
    pass: (ms: number) => (nowMs += ms),
    now: () => nowMs,
    /** A round of another process's janitor. */
    round: async (disturb?: Disturb, endMs = Number.MAX_SAFE_INTEGER): Promise<JanitorReport> =>
      await createJanitor(disturb === undefined ? engine : disturbed(engine, disturb), { ...parts, strata })(endMs),
  };
}

export type CompactedTopic = Awaited<ReturnType<typeof compactedTopic>>;

/** What a reader ends up with who reads all in order: the values of the keys that are there. */
export function tableOf(records: readonly StoredRecord[]): ReadonlyMap<string, string> {
  const table = new Map<string, string>();
  for (const { key, value } of records) {
    if (key === null) continue;
    if (value === null) table.delete(text(key));
    else table.set(text(key), text(value));
  }
  return table;
}

/** Records as `offset key=value`, which are easy to look at. */
export function shown(records: readonly StoredRecord[]): readonly string[] {
  return records.map(({ offset, key, value }) => `${offset} ${key === null ? "-" : text(key)}=${value === null ? "-" : text(value)}`);
}

/** The records that have to be left when all is compacted and no tombstone is. */
export function lastOfEachKey(records: readonly StoredRecord[]): readonly StoredRecord[] {
  const last = new Map<string, number>();
  for (const { key, offset } of records) if (key !== null) last.set(text(key), offset);
  return records.filter(({ key, value, offset }) => key === null || (value !== null && last.get(text(key)) === offset));
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

export function disturbed(engine: Engine, disturb: Disturb): Engine {
  const over = <T extends object>(port: T, writes: readonly string[]): T =>
    new Proxy(port, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return async (...args: unknown[]): Promise<unknown> => {
          const fails = await disturb(String(name), writes.includes(String(name)));
          if (fails === "before") throw new LogError("unavailable", "It did not come to it.");
          const result: unknown = await (value as (...all: unknown[]) => unknown).apply(target, args);
          if (fails === "after") throw new LogError("timeout", "Nobody knows.", { outcome: "unknown" });
          return result;
        };
      },
    });
  return {
    ...engine,
    catalog: over(engine.catalog, ["transact"]),
    objects: over(engine.objects, ["put", "delete"]),
    journal: over(engine.journal, ["trim"]),
  };
}
