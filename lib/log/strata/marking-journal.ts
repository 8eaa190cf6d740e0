import type { Journal } from "../../ports/journal.ts";
import type { ActiveMarks } from "./marks.ts";

/** The journal, whose shards are marked as in use beside each append: that costs no time, and once in a while a small write. */
export function markingJournal(journal: Journal, marks: ActiveMarks): Journal {
  return {
    open: (shard, shape) => journal.open(shard, shape),
    async append(shard, entry, guards) {
      const marked = marks.touch(shard);
      try {
        return await journal.append(shard, entry, guards);
      } finally {
        await marked;
      }
    },
    async transact(appends, writes) {
      const marked = appends.map(({ shard }) => marks.touch(shard));
      try {
        return await journal.transact(appends, writes);
      } finally {
        await Promise.all(marked);
      }
    },
    head: (shard, producerId) => journal.head(shard, producerId),
    entries: (shard, from, limit) => journal.entries(shard, from, limit),
    read: (slices) => journal.read(slices),
    trim: (shard, toSeq) => journal.trim(shard, toSeq),
    close: (shard) => journal.close(shard),
  };
}
