import { LogError } from "../../../../lib/core/errors.ts";
import type { Engine } from "../../../../lib/ports/engine.ts";
import { type Planted, untrimmed } from "./planted.ts";
import { flip } from "./world.ts";

export const journals: readonly Planted[] = [
  {
    name: "a bit of an entry",
    through: ({ engine }) =>
      withJournal(engine, { read: async (slices) => (await engine.journal.read(slices)).map((bytes) => flip(bytes.slice(), -1)) }),
    found: ["damaged journal", "damaged journal", "damaged journal", "damaged journal", "damaged journal"],
    says: /Entry 0, stored at offset 0 of the partition, is damaged: the record batch at offset 0 fails its CRC/,
  },
  {
    name: "an entry that counts more than it has",
    through: ({ engine }) =>
      withJournal(engine, {
        entries: async (shard, from, limit) =>
          (await engine.journal.entries(shard, from, limit)).map((entry) => ({
            ...entry,
            parts: entry.parts.map((part) => (entry.seq === 8 ? { ...part, bytes: part.bytes + 1 } : part)),
          })),
      }),
    found: ["inconsistent journal"],
    says: /Entry 8, .*the journal says 1, /,
  },
  {
    name: "an entry that is gone",
    through: ({ engine }) =>
      withJournal(engine, {
        entries: async (shard, from, limit) => (await engine.journal.entries(shard, from, limit)).filter(({ seq }) => seq !== 7),
      }),
    found: ["missing journal"],
    says: /Entry 7 of the shard cannot be found/,
  },
  {
    name: "an entry that is gone between others",
    through: ({ engine }) =>
      withJournal(engine, {
        entries: async (shard, from, limit) => (await engine.journal.entries(shard, from, limit)).filter(({ seq }) => seq !== 3),
      }),
    tuning: untrimmed,
    // Of two topics that have one of that number; its records follow later than they should, too.
    found: ["missing journal", "inconsistent journal", "missing journal", "inconsistent journal"],
    says: /Entry 4 follows where 3 has to/,
  },
  {
    name: "an entry that cannot be read, beside others",
    through: ({ engine }) =>
      withJournal(engine, {
        read: async (slices) => {
          if (slices.some(({ entry }) => entry.seq === 8)) throw new LogError("corrupt_log", "fails its checksum");
          return await engine.journal.read(slices);
        },
      }),
    found: ["damaged journal"],
    says: /Entry 8 cannot be read: fails its checksum/,
  },
  {
    name: "an entry at other offsets",
    through: ({ engine }) =>
      withJournal(engine, {
        entries: async (shard, from, limit) =>
          (await engine.journal.entries(shard, from, limit)).map((entry) => ({
            ...entry,
            parts: entry.parts.map((part) =>
              entry.seq === 7 && part.index === 1 ? { ...part, baseOffset: part.baseOffset - 1, records: 2 } : part,
            ),
          })),
      }),
    // What is read of it is not what it says either.
    found: ["inconsistent journal", "inconsistent journal"],
    says: /Entry 7 begins at offset 0 of the partition, where 1 follows/,
  },
  {
    name: "a high watermark past the entries",
    through: ({ engine }, { id }) =>
      withJournal(engine, {
        head: async (shard, producerId) => {
          const head = await engine.journal.head(shard, producerId);
          return shard.topicId === id ? { ...head, highWatermarks: head.highWatermarks.map((offset) => offset + 1) } : head;
        },
      }),
    found: ["missing journal", "missing journal"],
    says: /entries end at offset 14, and the head says 15/,
  },
  {
    name: "a journal that cannot tell its entries",
    through: ({ engine }, { id }) =>
      withJournal(engine, {
        entries: async (shard, from, limit) => await engine.journal.entries(shard, shard.topicId === id ? { seq: 99 } : from, limit),
      }),
    found: ["damaged journal"],
    says: /Entry 7 of the shard cannot be found/,
  },
];

export function withJournal(engine: Engine, changed: Partial<Engine["journal"]>): Engine {
  const { journal } = engine;
  const plain: Engine["journal"] = {
    open: (...args) => journal.open(...args),
    append: (...args) => journal.append(...args),
    transact: (...args) => journal.transact(...args),
    head: (...args) => journal.head(...args),
    entries: (...args) => journal.entries(...args),
    read: (...args) => journal.read(...args),
    trim: (...args) => journal.trim(...args),
    close: (...args) => journal.close(...args),
  };
  return { ...engine, journal: { ...plain, ...changed } };
}
