import { LogError } from "../../core/errors.ts";
import type { Catalog } from "../../ports/catalog.ts";
import type { EntryRef, Journal, ShardKey } from "../../ports/journal.ts";
import type { Prng } from "./prng.ts";

type Note = (finding: string) => void;

/** An item that counts up: it never holds less than the last number that was acknowledged, nor one that nobody wrote. */
export interface KnownItem {
  least: number;
  attempted: number;
}

const itemKey = { pk: "count", sk: "count" };

export async function writeItem(catalog: Catalog, item: KnownItem, note: Note): Promise<void> {
  const value = ++item.attempted;
  try {
    await catalog.transact([{ key: itemKey, put: value, if: "any" }]);
    item.least = Math.max(item.least, value);
  } catch (reason) {
    noteBroken(reason, "a catalog write", note);
  }
}

export async function checkItem(catalog: Catalog, { least, attempted }: KnownItem, note: Note): Promise<void> {
  const found = await catalog.get(itemKey);
  const value = typeof found?.value === "number" ? found.value : 0;
  if (value < least || value > attempted) note(`the catalog item is ${value}, not ${least} to ${attempted}`);
}

/** What must be, and what may be, of one shard after another under one key: a closed one is followed by the next. */
export class KnownShard {
  key: ShardKey;
  acknowledged = 0;
  /** By entry number: what was acknowledged, and as which sequence number. */
  entries = new Map<number, { readonly label: string; readonly sequence: number }>();
  possible = new Set<string>();
  sequence = 0;
  /** Trimmed to here at least, and at most. */
  startLeast = 0;
  startMost = 0;
  isOpen = false;
  mayBeClosed = false;

  constructor(key: ShardKey) {
    this.key = key;
  }

  async append(journal: Journal, prng: Prng, note: Note): Promise<void> {
    const sequence = this.sequence++;
    const label = `${this.key.topicId}.${this.key.shard}.${sequence} `.padEnd(prng.between(20, 600), ".");
    this.possible.add(label);
    const batches = new TextEncoder().encode(label);
    const producers = [{ producerId: 7n, epoch: 0, index: null, sequence, count: 1, crc: sequence }];
    try {
      if (!this.isOpen) await journal.open(this.key, { partitions: 1, layout: 0 });
      this.isOpen = true;
      const { seq } = await journal.append(
        this.key,
        { parts: [{ index: 0, records: 1, maxTimestampMs: sequence, batches }] },
        { producers },
      );
      if (this.entries.has(seq)) note(`entry ${seq} of ${this.key.topicId}/${this.key.shard} was given twice`);
      this.entries.set(seq, { label, sequence });
      this.acknowledged++;
    } catch (reason) {
      if (LogError.from(reason).outcome === "not-applied") this.possible.delete(label);
      noteBroken(reason, "an append", note);
    }
  }

  async trim(journal: Journal, prng: Prng, note: Note): Promise<void> {
    if (!this.isOpen) return;
    const last = Math.max(-1, ...this.entries.keys()) + 1;
    const to = Math.max(0, last - prng.pick([0, 1, 3, 10]));
    this.startMost = Math.max(this.startMost, to);
    try {
      await journal.trim(this.key, to);
      this.startLeast = Math.max(this.startLeast, to);
    } catch (reason) {
      noteBroken(reason, "a trim", note);
    }
  }

  /** Once it is certain, what comes goes to another shard. */
  async close(journal: Journal, note: Note): Promise<void> {
    if (!this.isOpen) return;
    this.mayBeClosed = true;
    try {
      await journal.close(this.key);
      this.key = { topicId: `${this.key.topicId}'`, shard: this.key.shard };
      this.entries = new Map();
      this.possible = new Set();
      [this.sequence, this.startLeast, this.startMost] = [0, 0, 0];
      [this.isOpen, this.mayBeClosed] = [false, false];
    } catch (reason) {
      noteBroken(reason, "a close", note);
    }
  }
}

/** Reads the whole shard and holds it against what is known. */
export async function checkShard(journal: Journal, shard: KnownShard, note: Note): Promise<void> {
  const { key, entries } = shard;
  const name = `${key.topicId}/${key.shard}`;
  await isGone(journal, { topicId: key.topicId.slice(0, -1), shard: key.shard }, note);
  if (entries.size === 0) return;
  try {
    const head = await journal.head(key, 7n);
    if (head.startSeq < shard.startLeast || head.startSeq > shard.startMost)
      note(`${name} starts at ${head.startSeq}, not at ${shard.startLeast} to ${shard.startMost}`);
    const sequences = [...entries.values()].map(({ sequence }) => sequence);
    if ((head.producers[0]?.sequence ?? -1) < Math.max(...sequences)) note(`${name} has forgotten its producer's newest step`);
    const seen = await read(journal, key, head.startSeq, head.seq);
    for (const [seq, { label }] of entries) {
      if (seq >= head.startSeq && seen.get(seq) !== label) note(`entry ${seq} of ${name} is ${String(seen.get(seq)?.slice(0, 20))}`);
    }
    for (const [seq, label] of seen) if (!shard.possible.has(label)) note(`entry ${seq} of ${name} was never sent: ${label.slice(0, 20)}`);
    await checkRetry(journal, shard, note);
  } catch (reason) {
    const { code } = LogError.from(reason);
    if (code === "unknown_topic_or_partition" && shard.mayBeClosed) return;
    if (code === "unknown_topic_or_partition" || code === "offset_out_of_range") note(`${name}: ${String(reason)}`);
    noteBroken(reason, `reading ${name}`, note);
  }
}

async function read(journal: Journal, key: ShardKey, from: number, to: number): Promise<ReadonlyMap<number, string>> {
  const seen = new Map<number, string>();
  for (let at = from; at < to; ) {
    const refs: readonly EntryRef[] = await journal.entries(key, { seq: at }, 20);
    const bytes = await journal.read(refs.map((entry) => ({ entry, index: 0 })));
    for (const [nth, { seq }] of refs.entries()) seen.set(seq, new TextDecoder().decode(bytes[nth]));
    if (refs.length === 0) return seen;
    at += refs.length;
  }
  return seen;
}

/** The newest acknowledged step, sent again, is in the log once. */
async function checkRetry(journal: Journal, { key, entries }: KnownShard, note: Note): Promise<void> {
  const [last] = [...entries].sort(([, a], [, b]) => b.sequence - a.sequence);
  if (last === undefined) return;
  const [seq, { label, sequence }] = last;
  const part = { index: 0, records: 1, maxTimestampMs: sequence, batches: new TextEncoder().encode(label) };
  const producers = [{ producerId: 7n, epoch: 0, index: null, sequence, count: 1, crc: sequence }];
  const answer = await journal.append(key, { parts: [part] }, { producers });
  if (answer.seq !== seq || answer.parts[0]?.duplicate !== true)
    note(`the retry of entry ${seq} of ${key.topicId} was given ${answer.seq}`);
}

async function isGone(journal: Journal, key: ShardKey, note: Note): Promise<void> {
  if (key.topicId === "") return;
  const code = await journal.head(key).then(
    () => "an answer",
    (reason: unknown) => LogError.from(reason).code,
  );
  if (code !== "unknown_topic_or_partition" && code !== "unavailable") note(`a closed shard gives ${code}`);
}

function noteBroken(reason: unknown, what: string, note: Note): void {
  const { code } = LogError.from(reason);
  if (code === "internal" || code === "corrupt_log" || code === "sequence_reused") note(`${what} was told ${String(reason)}`);
}
