import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { decodeHead, newHead, tailBases } from "../../lib/engines/aws/items/head.ts";
import { decodePage, encodePage } from "../../lib/engines/aws/items/page.ts";
import { encodeEntry } from "../../lib/engines/aws/items/stored-entry.ts";
import { headKey } from "../../lib/engines/aws/keys.ts";
import { anyEntry } from "./aws-arbitraries.ts";

const shard = { topicId: "t1", shard: 0 };
const n = (value: number) => ({ N: String(value) });

describe("the same entries", () => {
  const entries = fc.array(anyEntry, { minLength: 1, maxLength: 64 });
  const start = fc.integer({ min: 0, max: 2 ** 50 });
  const bases = fc.array(start, { minLength: 16, maxLength: 16 });

  it("have the same numbers and offsets in a head, counted back, and in a page, counted forward", () => {
    fc.assert(
      fc.property(entries, start, bases, (stored, firstSeq, before) => {
        const refs = stored.map((entry) => ({ B: encodeEntry(entry) }));
        const after = [...before];
        for (const { parts } of stored) for (const { index, records } of parts) after[index]! += records;
        const head = decodeHead({
          ...newHead(headKey(shard), { partitions: 16, layout: 0 }),
          n: { L: [firstSeq + stored.length, ...after].map(n) },
          tseq: n(firstSeq),
          tail: { L: refs },
        });
        assert.ok(head !== undefined);
        assert.deepEqual(tailBases(head), before);
        const page = decodePage(
          encodePage(shard, { firstSeq, rollId: "00", bases: tailBases(head), maxTimestampsMs: [], refs: head.rawTail }),
        );
        assert.deepEqual(page.entries, head.tail());
        assert.deepEqual([page.firstSeq, page.nextSeq], [firstSeq, head.seq]);
        const next = [...before];
        for (const [nth, entry] of page.entries.entries()) {
          assert.deepEqual(entry.stored, stored[nth]);
          assert.deepEqual(
            entry.bases,
            entry.stored.parts.map(({ index }) => next[index]),
          );
          for (const { index, records } of entry.stored.parts) next[index]! += records;
        }
      }),
    );
  });
});
