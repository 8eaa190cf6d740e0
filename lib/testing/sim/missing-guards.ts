import { LogError } from "../../core/errors.ts";
import type { Appended, Entry, EntryRef, Guards, Journal, ShardHead, ShardKey } from "../../ports/journal.ts";
import type { Life } from "./life.ts";
import { localSimStore } from "./local-store.ts";
import type { SimulateOptions } from "./simulate.ts";

/** Guards taken out, one at a time, outside of the product: the simulator must find each. Otherwise it proves nothing. */
export const missingGuards = {
  /** Idempotent producers are not checked. */
  producers: overJournal((journal) => without(journal, "producers")),
  /** Compare-and-append does not compare. */
  expected: overJournal((journal) => without(journal, "expected")),
  /** Appends that were decided on an older partition count land after the topic has grown. */
  layout: overJournal((journal) => without(journal, "layout")),
  /** One step over several shards is several steps. */
  atomicity: overJournal((journal) => ({
    ...journal,
    async transact(appends) {
      const answers: Appended[] = [];
      for (const { shard, entry, guards } of appends) answers.push(await journal.append(shard, entry, guards));
      return answers;
    },
  })),
  /** An unknown outcome is taken for a failure, and the entry is sent again, this time as if it were new. */
  unknownIsFailure: overJournal((journal) => ({
    ...journal,
    append: (shard, entry, guards) =>
      journal.append(shard, entry, guards).catch((reason: unknown) => {
        if (LogError.from(reason).outcome !== "unknown") throw reason;
        return journal.append(shard, entry);
      }),
  })),
  /** An unknown outcome is told as certainly not applied. */
  unknownToldAsRefused: overJournal((journal) => ({
    ...journal,
    append: (shard, entry, guards) =>
      journal.append(shard, entry, guards).catch((reason: unknown) => {
        const { code, message } = LogError.from(reason);
        throw new LogError(code, message);
      }),
  })),
  /** Appends are acknowledged while they are still on their way. */
  durability: overJournal((journal, life) => acknowledgeEarly(journal, life)),
  /** Readers are shown what is on its way. */
  dirtyReads: overJournal((journal, life) => showEarly(journal, life)),
  /** Heads are answered from memory. */
  freshHeads: overJournal((journal, life) => rememberHeads(journal, life)),
  /** A page of entries may begin later than where it was asked for. */
  coverage: overJournal((journal) => ({
    ...journal,
    async entries(shard, from, limit) {
      const found = await journal.entries(shard, from, limit);
      return found.length > 4 && found.length % 3 === 0 ? found.slice(1) : found;
    },
  })),
  /** The disk says that data is durable when it is not. */
  dataSync: { store: localSimStore({ lies: "files" }) },
  /** The disk forgets the names of new files. */
  folderSync: { store: localSimStore({ lies: "names" }) },
} as const satisfies Record<string, SimulateOptions>;

function overJournal(change: (journal: Journal, life: Life) => Journal): SimulateOptions {
  return { wrap: (engine, life) => ({ ...engine, journal: change(engine.journal, life), close: () => engine.close() }) };
}

function without(journal: Journal, guard: keyof Guards): Journal {
  const strip = (guards: Guards | undefined): Guards => Object.fromEntries(Object.entries(guards ?? {}).filter(([name]) => name !== guard));
  return {
    ...journal,
    append: (shard, entry, guards) => journal.append(shard, entry, strip(guards)),
    transact: (appends, writes) =>
      journal.transact(
        appends.map((each) => ({ ...each, guards: strip(each.guards) })),
        writes,
      ),
  };
}

/** Answers plain appends by what the head lets expect, and sends them a moment later: a crash in between loses them. */
function acknowledgeEarly(journal: Journal, life: Life): Journal {
  return {
    ...journal,
    async append(shard, entry, guards) {
      if (guards?.producers !== undefined || guards?.expected !== undefined) return await journal.append(shard, entry, guards);
      const head = await journal.head(shard);
      life.after(30, () => void journal.append(shard, entry, guards).catch(() => undefined));
      return {
        seq: head.seq,
        parts: entry.parts.map(({ index }) => ({ index, baseOffset: head.highWatermarks[index] ?? 0, duplicate: false })),
      };
    },
  };
}

/** While a plain append is on its way, its process shows it at the offsets that it would have now. */
function showEarly(journal: Journal, life: Life): Journal {
  const pending = new Map<string, Entry>();
  const nameOf = ({ topicId, shard }: ShardKey): string => `${topicId}/${shard}`;
  const later = (): Promise<void> => new Promise((resolve) => life.after(30, resolve));
  const headOf = async (shard: ShardKey, producerId?: bigint): Promise<readonly [ShardHead, Entry | undefined]> => [
    await journal.head(shard, producerId),
    pending.get(nameOf(shard)),
  ];
  return {
    ...journal,
    async append(shard, entry, guards) {
      if (guards !== undefined && Object.keys(guards).length > 0) return await journal.append(shard, entry, guards);
      const name = nameOf(shard);
      pending.set(name, entry);
      await later();
      pending.delete(name);
      return await journal.append(shard, entry, guards);
    },
    async head(shard, producerId) {
      const [head, entry] = await headOf(shard, producerId);
      if (entry === undefined) return head;
      const more = (index: number): number => entry.parts.find((part) => part.index === index)?.records ?? 0;
      return { ...head, highWatermarks: head.highWatermarks.map((highWatermark, index) => highWatermark + more(index)) };
    },
    async entries(shard, from, limit) {
      const [head, entry] = await headOf(shard);
      if (entry === undefined || !("index" in from) || !("offset" in from)) return await journal.entries(shard, from, limit);
      const part = entry.parts.find(({ index }) => index === from.index);
      const baseOffset = head.highWatermarks[from.index] ?? 0;
      const found = from.offset >= baseOffset ? [] : await journal.entries(shard, from, limit);
      if (part === undefined || found.length === limit) return found;
      const { index, records, maxTimestampMs, batches } = part;
      const dirty: EntryRef = {
        shard,
        seq: head.seq,
        parts: [{ index, baseOffset, records, maxTimestampMs, bytes: batches.length }],
        place: { dirty: batches },
      };
      return [...found, dirty];
    },
    read: async (slices) =>
      await Promise.all(
        slices.map(async (slice) => {
          const { place } = slice.entry;
          if (typeof place === "object" && place !== null && "dirty" in place && place.dirty instanceof Uint8Array)
            return place.dirty.slice();
          return (await journal.read([slice]))[0] ?? new Uint8Array(0);
        }),
      ),
  };
}

function rememberHeads(journal: Journal, life: Life): Journal {
  const clock = life.clock(0);
  const known = new Map<string, { readonly head: ShardHead; readonly readMs: number }>();
  return {
    ...journal,
    async head(shard, producerId) {
      if (producerId !== undefined) return await journal.head(shard, producerId);
      const name = `${shard.topicId}/${shard.shard}`;
      const found = known.get(name);
      if (found !== undefined && clock.nowMs() - found.readMs < 300) return found.head;
      const head = await journal.head(shard);
      known.set(name, { head, readMs: clock.nowMs() });
      return head;
    },
  };
}
