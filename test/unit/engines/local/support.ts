import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Disk, DiskFile, DiskMode } from "../../../../lib/engines/local/disk.ts";
import { nodeDisk } from "../../../../lib/engines/local/node-disk.ts";
import type { Engine } from "../../../../lib/ports/engine.ts";
import type { Entry, ProducerStep, ShardKey } from "../../../../lib/ports/journal.ts";

export const shard: ShardKey = { topicId: "orders", shard: 0 };
export const other: ShardKey = { topicId: "returns", shard: 0 };

/** A folder that goes with the test. */
export async function tempFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "stratalog-local-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** One part of one record whose bytes say its name. */
export function entryOf(name: string, bytes = 40): Entry {
  return { parts: [{ index: 0, records: 1, maxTimestampMs: 1_000, batches: Buffer.from(name.padEnd(bytes, ".")) }] };
}

export function step(sequence: number, crc = sequence): ProducerStep {
  return { producerId: 7n, epoch: 0, index: null, sequence, count: 1, crc };
}

export async function openShard(engine: Engine, key = shard, partitions = 1): Promise<void> {
  await engine.journal.open(key, { partitions, layout: 0 });
}

/** The names of all entries of a shard, read and checked from the first that is left. */
export async function namesIn(engine: Engine, key = shard): Promise<readonly string[]> {
  const { seq, startSeq } = await engine.journal.head(key);
  const names: string[] = [];
  for (let at = startSeq; at < seq; ) {
    const entries = await engine.journal.entries(key, { seq: at }, 1_000);
    const slices = entries.flatMap((entry) => entry.parts.map((part) => ({ entry, index: part.index })));
    for (const bytes of await engine.journal.read(slices)) names.push(Buffer.from(bytes).toString().replace(/\.+$/, ""));
    if (entries.length === 0) throw new Error(`no entry ${at}, though ${seq} is the next one`);
    at += entries.length;
  }
  return names;
}

/** The journal's files, oldest first. */
export async function journalFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(join(folder, "journal"));
  return names.sort().map((name) => join(folder, "journal", name));
}

/** The data folder as a crash would leave it: a copy taken while the engine has it open, without the lock. */
export async function copyOf(t: TestContext, folder: string): Promise<string> {
  const copy = await tempFolder(t);
  await cp(folder, copy, { recursive: true, filter: (source) => !source.endsWith("lock") });
  return copy;
}

/** Flips one bit. */
export async function flipBit(path: string, position: number, bit = 0): Promise<void> {
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(position) ^ (1 << bit), position);
  await writeFile(path, bytes);
}

/** Where each frame of a journal file starts, by the magic at its start and the sizes in its header. */
export function frameStarts(bytes: Buffer): readonly number[] {
  const starts: number[] = [];
  for (let at = 0; at + 48 <= bytes.length && bytes.readUInt32BE(at) === 0x534c4a46; ) {
    starts.push(at);
    at += 48 + bytes.readUInt32BE(at + 24) + Number(bytes.readBigUInt64BE(at + 28));
  }
  return starts;
}

export function errorWith(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

/** The machine's disk, with faults that a test turns on and off. */
export class FaultyDisk implements Disk {
  /** Bytes that can still be written to journal files; what goes past them fails half-way with ENOSPC. */
  bytesLeft = Number.POSITIVE_INFINITY;
  syncFailure: Error | undefined;
  truncateFailure: Error | undefined;
  /** Bytes that one write takes at most. */
  writeBytesMax = Number.POSITIVE_INFINITY;
  /** When set, syncs wait for it. */
  hold: Promise<void> | undefined;
  syncs = 0;
  readonly list = nodeDisk.list;
  readonly makeFolder = nodeDisk.makeFolder;
  readonly rename = nodeDisk.rename;
  readonly link = nodeDisk.link;
  readonly remove = nodeDisk.remove;
  readonly syncFolder = nodeDisk.syncFolder;
  readonly lock = nodeDisk.lock;

  async open(path: string, mode: DiskMode): Promise<DiskFile> {
    const file = await nodeDisk.open(path, mode);
    return path.endsWith(".log") ? this.#faulty(file) : file;
  }

  #faulty(file: DiskFile): DiskFile {
    return {
      info: () => file.info(),
      read: (into, position) => file.read(into, position),
      close: () => file.close(),
      write: async (buffers, position) => {
        const all = Buffer.concat(buffers);
        const taken = all.subarray(0, Math.min(this.writeBytesMax, this.bytesLeft));
        if (taken.length === 0) throw errorWith("ENOSPC");
        const written = await file.write([taken], position);
        this.bytesLeft -= written;
        return written;
      },
      dataSync: async () => {
        this.syncs++;
        await this.hold;
        if (this.syncFailure !== undefined) throw this.syncFailure;
        await file.sync();
      },
      sync: async () => {
        if (this.syncFailure !== undefined) throw this.syncFailure;
        await file.sync();
      },
      truncate: async (size) => {
        if (this.truncateFailure !== undefined) throw this.truncateFailure;
        await file.truncate(size);
      },
    };
  }
}
