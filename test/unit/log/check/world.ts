import { encodeBatch } from "../../../../lib/core/codec/record-batch.ts";
import { createMemoryEngine } from "../../../../lib/engines/memory/index.ts";
import { checkLog } from "../../../../lib/log/check/check-log.ts";
import type { Finding } from "../../../../lib/log/check/finding.ts";
import { createJanitor, type Janitor } from "../../../../lib/log/janitor.ts";
import { createLog } from "../../../../lib/log/create-log.ts";
import type { Log, Topic } from "../../../../lib/log/log.ts";
import { type Frontier, frontierKey, type FrontierValue, frontierWrite, readFrontier } from "../../../../lib/log/strata/frontier.ts";
import { allSegments, segmentKey, type SegmentRow, type SegmentValue, segmentValue } from "../../../../lib/log/strata/segment-row.ts";
import { segmentObjectKey } from "../../../../lib/log/strata/segment-object-key.ts";
import { segmentValueOf, writeSegment } from "../../../../lib/log/strata/segment-writer.ts";
import type { StrataTuning } from "../../../../lib/log/strata/tuning.ts";
import { nodeClock } from "../../../../lib/node/clock.ts";
import { nodeCompression } from "../../../../lib/node/compression.ts";
import { nodeRandom } from "../../../../lib/node/random.ts";
import type { Engine } from "../../../../lib/ports/engine.ts";
import { record } from "../../../../lib/testing/conformance/log/build.ts";
import { atOnce } from "../../../../lib/testing/conformance/strata/build.ts";

const parts = { clock: nodeClock, random: nodeRandom, compression: nodeCompression };
const never = { "retention.ms": -1 };

/** A log with some of everything, to plant faults into. */
export class CheckWorld {
  readonly engine: Engine;
  readonly log: Log;
  readonly janitor: Janitor;
  readonly tuning: Partial<StrataTuning>;

  constructor(engine: Engine = createMemoryEngine(), tuning: Partial<StrataTuning> = {}) {
    this.engine = engine;
    this.tuning = { ...atOnce, ...tuning };
    this.log = createLog(engine, { ...parts, strata: this.tuning });
    this.janitor = createJanitor(engine, { ...parts, strata: this.tuning });
  }

  /** Several topics, one of them sealed, merged and trimmed, one trimmed from below, one deleted; and records that wait in the journal. */
  async fill(): Promise<Topic> {
    const { log } = this;
    await log.topics.create({ name: "journal", partitions: 3, partitionsPerShard: 2, config: never });
    const topic = await log.topics.create({ name: "sealed", partitions: 2, config: never });
    await log.topics.create({ name: "short", config: never });
    await log.topics.create({ name: "gone", config: never });
    // Too few for another merge at the end: four segments become one, then come two more.
    for (let nth = 0; nth < 6; nth++) {
      for (const name of ["sealed", "short", "gone"])
        await log.append(name, { records: [record(`${nth}`, { partition: 0 }), record("x", { partition: 0 })] });
      await this.round();
    }
    await log.append("sealed", { records: [record("other", { partition: 1 })] });
    await log.deleteRecords("short", [{ partition: 0, offset: 9 }]);
    await log.topics.delete("gone");
    await this.round();
    await this.round();
    for (const name of ["journal", "sealed"])
      await log.append(name, { records: [record("waits", { partition: 1 }), record("waits", { partition: 0 })] });
    await log.append("sealed", { records: [record("waits too", { partition: 0 })] });
    return topic;
  }

  async round(): Promise<void> {
    const { failures, isComplete } = await this.janitor(Number.MAX_SAFE_INTEGER);
    if (failures > 0 || !isComplete) throw new Error("the janitor failed");
  }

  /** All that a check finds, by the engine or by one that is put before it. */
  async check(engine: Engine = this.engine): Promise<readonly Finding[]> {
    const findings: Finding[] = [];
    for await (const finding of checkLog(engine, parts, { strata: this.tuning })) findings.push(finding);
    return findings;
  }

  async faults(engine: Engine = this.engine): Promise<readonly Finding[]> {
    return (await this.check(engine)).filter(({ isFault }) => isFault);
  }

  /** A partition's rows, oldest first. */
  async rows({ id }: Topic, partition = 0): Promise<readonly SegmentRow[]> {
    return await allSegments(this.engine.catalog, id, partition);
  }

  /** The last row of partition 0: of the newest segment. */
  async lastRow(topic: Topic): Promise<SegmentRow> {
    return (await this.rows(topic)).at(-1) as SegmentRow;
  }

  async putRow({ id }: Topic, row: SegmentRow, partition = 0): Promise<void> {
    await this.engine.catalog.transact([{ key: segmentKey(id, partition, row.baseOffset), put: segmentValue(row), if: "any" }]);
  }

  async dropRow({ id }: Topic, { baseOffset }: SegmentRow, partition = 0): Promise<void> {
    await this.engine.catalog.transact([{ key: segmentKey(id, partition, baseOffset), delete: true, if: "any" }]);
  }

  async changeFrontier({ id }: Topic, change: (frontier: Frontier) => Partial<FrontierValue>, shard = 0): Promise<void> {
    const key = { topicId: id, shard };
    const before = readFrontier(await this.engine.catalog.get(frontierKey(key)));
    await this.engine.catalog.transact([frontierWrite(key, before, { ...before, ...change(before) })]);
  }

  /** Puts other bytes under an object's key. */
  async changeObject(key: string, change: (bytes: Uint8Array) => Uint8Array | undefined): Promise<void> {
    const { objects } = this.engine;
    const bytes = change(((await objects.get(key)) as Uint8Array).slice());
    await objects.delete([key]);
    if (bytes !== undefined) await objects.put(key, bytes);
  }

  /** Stores a segment of records with these offsets, under a key of its own. @param spoil what it does to the batches before they are stored */
  async storeSegment(
    { id }: Pick<Topic, "id">,
    from: number,
    next: number,
    spoil: (batch: Uint8Array) => void = () => undefined,
  ): Promise<SegmentValue> {
    const batch = encodeBatch(
      Array.from({ length: next - from }, () => record("planted")),
      { nowMs: 1_000, compression: nodeCompression, compressionType: "none", baseOffset: from },
    );
    spoil(batch);
    const batches = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      yield batch;
    };
    const key = segmentObjectKey(nodeRandom, id, 0, from);
    const written = await writeSegment(this.engine.objects, key, from, batches(), () => next);
    return segmentValueOf(key, written, nodeClock.nowMs());
  }
}

/** Turns one bit over. */
export function flip(bytes: Uint8Array, at: number): Uint8Array {
  const place = at < 0 ? bytes.length + at : at;
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  return bytes;
}

/** As `kind what`, in order of their finding. */
export function namesOf(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ kind, what }) => `${kind} ${what}`);
}
