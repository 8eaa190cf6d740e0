import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeCatalogItem, putChange } from "../../lib/engines/aws/catalog-writes.ts";
import { closedTail, decodeHead, newHead, tailBases } from "../../lib/engines/aws/items/head.ts";
import { encodeTimestamps } from "../../lib/engines/aws/items/timestamps.ts";
import { decodePage, encodePage } from "../../lib/engines/aws/items/page.ts";
import { decodeSpilled, encodeSpilled } from "../../lib/engines/aws/items/spilled-producer.ts";
import { decodeStart, encodeStart } from "../../lib/engines/aws/items/start.ts";
import { decodeUpkeep, encodeUpkeep } from "../../lib/engines/aws/items/upkeep-state.ts";
import {
  headKey,
  payloadIdOf,
  payloadIdPrefixes,
  payloadItemKey,
  payloadObjectKey,
  readPayloadItemKey,
  readPayloadObjectKey,
} from "../../lib/engines/aws/keys.ts";
import type { Item, Value } from "../../lib/engines/aws/table.ts";

// Format version 1, attribute by attribute as docs/format.md has it. Released items: they may be added to, never changed.
const shard = { topicId: "t1", shard: 2 };
const n = (value: number): Value => ({ N: String(value) });
const list = (...values: readonly number[]): Value => ({ L: values.map(n) });
const b = (hex: string): Value => ({ B: Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex")) });

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** One record of partition 0, at a time. */
const ref0 = (time: string) => b(`10 0123456789abcdef 02 02 02 02 8c01 ${time}`);
/** Two records of partition 0 and three of partition 1. */
const ref01 = b("10 1123456789abcdef 02 02 06 04 8c01 02 06 8c01 00");
const entry = (id: string, ...parts: readonly (readonly [index: number, records: number, timeMs: number])[]) => ({
  payload: { id, isObject: false, fenceEpoch: 1 },
  position: 1,
  parts: parts.map(([index, records, maxTimestampMs]) => ({ index, records, bytes: 70, maxTimestampMs })),
  stepsBytes: 0,
});
const factB = b("10 0001 00000009 00000001 04 00 02");

const newHeadItem: Item = {
  pk: { S: "H#t1#2" },
  sk: { S: "H" },
  v: n(1),
  st: { S: "open" },
  ly: n(3),
  gen: n(0),
  ep: n(0),
  fe: n(0),
  tseq: n(0),
  tsz: n(0),
  n: list(0, 0, 0),
  tail: { L: [] },
  p: { M: {} },
  mx: b(""),
};
const usedHeadItem: Item = {
  ...newHeadItem,
  gen: n(5),
  ep: n(2),
  fe: n(7),
  tseq: n(40),
  tsz: n(36),
  n: list(42, 103, 9),
  tail: { L: [ref0("04"), ref01] },
  p: { M: { "70": { L: [factB, n(40), n(100)] } } },
  mx: b("00 80a0abfef962 81a0abfef962"),
};
const pageItem: Item = {
  pk: { S: "J#t1#2" },
  sk: { S: "0000000000000000040#00000000000000aa" },
  v: n(1),
  nx: n(42),
  base: list(100, 6),
  mx: list(1_700_000_000_000, -1),
  refs: { L: [ref0("04"), ref01] },
};
const startItem: Item = { pk: { S: "L#t1#2" }, sk: { S: "L" }, v: n(1), q: n(40), base: list(100, 6) };
const upkeepItem: Item = { pk: { S: "L#t1#2" }, sk: { S: "U" }, v: n(1), gq: n(40), gp: n(38), ge: n(480_000) };
const spilledItem: Item = { pk: { S: "PS#t1#2" }, sk: { S: "7#0" }, v: n(1), q: n(40), d: { L: [factB, n(40), n(100)] } };
const catalogItem: Item = {
  pk: { S: "C#topics" },
  sk: { S: "ß" },
  v: n(1),
  ver: n(3),
  d: { S: '{"a":[1,null]}' },
  w: { S: "00000000000000aa" },
};

test("a new shard's head is this item", () => {
  assert.deepEqual(newHead(headKey(shard), { partitions: 2, layout: 3 }), newHeadItem);
  assert.equal(decodeHead(newHeadItem)?.seq, 0);
});

test("a head's numbers, tail and producer states are read from its item", () => {
  const head = decodeHead(usedHeadItem);
  assert.ok(head !== undefined);
  const { layout, gen, epoch, fence, tailSeq, tailBytes, seq, highWatermarks, tailEntries, stateCount } = head;
  assert.deepEqual([layout, gen, epoch, fence, tailSeq, tailBytes, seq, tailEntries, stateCount], [3, 5, 2, 7, 40, 36, 42, 2, 1]);
  assert.deepEqual(highWatermarks, [103, 9]);
  assert.deepEqual(head.maxTimestampsMs, [1_700_000_000_000, -1]);
  // Offsets are counted back from the high watermarks.
  assert.deepEqual(head.tail(), [
    { seq: 40, stored: entry("0123456789abcdef", [0, 1, 2]), bases: [100] },
    { seq: 41, stored: entry("1123456789abcdef", [0, 2, 1], [1, 3, 1]), bases: [101, 6] },
  ]);
  assert.deepEqual(tailBases(head), [100, 6]);
  assert.deepEqual(head.stateNames(), ["70"]);
  const state = head.state("70");
  assert.deepEqual([state?.producerId, state?.index, state?.sequence, state?.seq, state?.bases.get(0)], [7n, 0, 9, 40, 100]);
  assert.equal(head.state("constructor"), undefined);
});

test("a head's largest timestamps are these bytes; a partition without one has none", () => {
  const largest = (mx: string, ...next: readonly number[]) =>
    decodeHead({ ...newHeadItem, n: list(0, ...next), mx: b(mx) })?.maxTimestampsMs;
  assert.equal(hex(encodeTimestamps([])), "");
  assert.equal(hex(encodeTimestamps([1_700_000_000_000, 1_700_000_000_001, 1_699_999_999_936])), "00" + "80a0abfef962" + "02" + "7f");
  assert.deepEqual(largest("00 80a0abfef962 02 7f", 0, 0, 0), [1_700_000_000_000, 1_700_000_000_001, 1_699_999_999_936]);
  // Too far from each other.
  assert.equal(hex(encodeTimestamps([-1, 0, Number.MAX_SAFE_INTEGER])), "01" + "01" + "00" + "feffffffffffff1f");
  assert.deepEqual(largest("01 01 00 feffffffffffff1f", 0, 0, 0), [-1, 0, Number.MAX_SAFE_INTEGER]);
  // Before the first roll, and of partitions that were added since the last one.
  assert.deepEqual(largest("", 0, 0), [-1, -1]);
  assert.deepEqual(largest("00 80a0abfef962", 0, 0, 0), [1_700_000_000_000, -1, -1]);
  for (const damaged of ["00 80", "00 80a0abfef9", "00 02 80", "01 ffffffffffffffffff01", "00 80808080808080808080"]) {
    assert.throws(() => largest(damaged, 0, 0), { name: "LogError", code: "corrupt_log" }, damaged);
  }
});

test("a closed shard's head is no head, but still tells of its tail", () => {
  const closed = { pk: { S: "H#t1#2" }, sk: { S: "H" }, v: n(1), st: { S: "closed" } };
  assert.equal(decodeHead(closed), undefined);
  assert.deepEqual(closedTail(closed), []);
  assert.deepEqual(closedTail({ ...closed, tseq: n(40), tail: { L: [ref0("04")] } }), [
    { seq: 40, stored: entry("0123456789abcdef", [0, 1, 2]) },
  ]);
});

test("a page with a time to live is still a page", () => {
  assert.deepEqual(decodePage({ ...pageItem, ttl: n(1_700_086_400) }), decodePage(pageItem));
});

test("how far a shard's upkeep has come is this item; without one it has not begun", () => {
  const state = { payloadsSeq: 40, pagesSeq: 38, epoch: 480_000 };
  assert.deepEqual(encodeUpkeep(shard, state), upkeepItem);
  assert.deepEqual(decodeUpkeep(upkeepItem), state);
  assert.deepEqual(decodeUpkeep(undefined), { payloadsSeq: 0, pagesSeq: 0, epoch: -1 });
});

test("a page is this item, and its entries' offsets are counted from its bases", () => {
  const refs = [ref0("04"), ref01];
  const page = { firstSeq: 40, rollId: "00000000000000aa", bases: [100, 6], maxTimestampsMs: [1_700_000_000_000, -1], refs };
  assert.deepEqual(encodePage(shard, page), pageItem);
  assert.deepEqual(decodePage(pageItem), {
    firstSeq: 40,
    nextSeq: 42,
    bases: [100, 6],
    maxTimestampsMs: [1_700_000_000_000, -1],
    entries: [
      { seq: 40, stored: entry("0123456789abcdef", [0, 1, 2]), bases: [100] },
      { seq: 41, stored: entry("1123456789abcdef", [0, 2, 1], [1, 3, 1]), bases: [101, 6] },
    ],
  });
});

test("a start is this item; a shard without one was never trimmed", () => {
  assert.deepEqual(encodeStart(shard, { seq: 40, bases: [100, 6] }), startItem);
  assert.deepEqual(decodeStart(startItem), { seq: 40, bases: [100, 6] });
  assert.deepEqual(decodeStart(undefined), { seq: 0, bases: [] });
});

test("a producer state outside of the head is this item", () => {
  const state = decodeSpilled(spilledItem);
  assert.deepEqual([state.producerId, state.index, state.sequence, state.seq, state.bases.get(0)], [7n, 0, 9, 40, 100]);
  assert.deepEqual(encodeSpilled(shard, state), spilledItem);
  assert.equal(decodeSpilled({ ...spilledItem, sk: { S: "7#-" } }).index, null);
});

test("a catalog item's key, value and version are read from its item, and a put sets these", () => {
  assert.deepEqual(decodeCatalogItem(catalogItem, "topics"), { key: { pk: "topics", sk: "ß" }, version: 3, value: { a: [1, null] } });
  assert.deepEqual(putChange({ a: [1, null] }, 2, "00000000000000aa"), {
    update: "SET v = :v, ver = if_not_exists(ver, :zero) + :one, d = :d, w = :w",
    condition: "ver = :ver",
    values: {
      ":v": n(1),
      ":zero": n(0),
      ":one": n(1),
      ":d": { S: '{"a":[1,null]}' },
      ":w": { S: "00000000000000aa" },
      ":ver": n(2),
    },
  });
});

test("payloads are found under these keys", () => {
  assert.deepEqual(payloadItemKey(shard, 480_000, "0123456789abcdef"), { pk: "B#t1#2#480000#01", sk: "0123456789abcdef" });
  assert.equal(payloadIdOf("0123456789abcdef"), "0023456789abcdef");
  assert.deepEqual(
    payloadIdPrefixes,
    Array.from({ length: 16 }, (_, nth) => `${nth.toString(16)}0`),
  );
  assert.equal(payloadObjectKey(shard, 480_000, "0123456789abcdef"), "j/01/480000/t1.2/0123456789abcdef");
  const named = { shard, fenceEpoch: 480_000, id: "0123456789abcdef" };
  assert.deepEqual(readPayloadItemKey({ pk: "B#t1#2#480000#01", sk: "0123456789abcdef" }), named);
  assert.deepEqual(readPayloadObjectKey("j/01/480000/t1.2/0123456789abcdef"), named);
  assert.equal(readPayloadItemKey({ pk: "J#t1#2", sk: "0123456789abcdef" }), undefined);
  for (const key of ["o/01/480000/t1.2/0123456789abcdef", "j/01/480000/t1/0123456789abcdef", "j/01/480000/t1.2/x"])
    assert.equal(readPayloadObjectKey(key), undefined);
});

interface Reader {
  readonly name: string;
  readonly item: Item;
  readonly read: (item: Item) => unknown;
  /** What is read, beside the version. Of a key only what is nowhere else. */
  readonly attributes: readonly string[];
}

const readers: readonly Reader[] = [
  {
    name: "a head",
    item: usedHeadItem,
    read: (item) => [decodeHead(item)?.tail(), decodeHead(item)?.state("70")],
    attributes: ["st", "ly", "gen", "ep", "fe", "tseq", "tsz", "n", "tail", "p", "mx"],
  },
  { name: "a page", item: pageItem, read: decodePage, attributes: ["sk", "nx", "base", "mx", "refs"] },
  { name: "a start", item: startItem, read: decodeStart, attributes: ["q", "base"] },
  { name: "a shard's upkeep", item: upkeepItem, read: decodeUpkeep, attributes: ["gq", "gp", "ge"] },
  { name: "a spilled state", item: spilledItem, read: decodeSpilled, attributes: ["sk", "d"] },
  { name: "a catalog item", item: catalogItem, read: (item) => decodeCatalogItem(item, "topics"), attributes: ["sk", "ver", "d"] },
];

for (const { name, item, read, attributes } of readers) {
  test(`${name} of a later version is unsupported, whatever else it has`, () => {
    assert.throws(() => read({ ...item, v: n(2) }), { name: "LogError", code: "unsupported_version" });
    assert.throws(() => read({ pk: item["pk"]!, sk: item["sk"]!, v: n(2) }), { name: "LogError", code: "unsupported_version" });
  });

  test(`${name} without one of its attributes, or with one of another type, is damaged`, () => {
    for (const attribute of ["v", ...attributes]) {
      const { [attribute]: was, ...rest } = item;
      const other: Value = was !== undefined && "N" in was ? { S: "x" } : n(1);
      assert.throws(() => read(rest), { name: "LogError", code: "corrupt_log" }, attribute);
      assert.throws(() => read({ ...rest, [attribute]: other }), { name: "LogError", code: "corrupt_log" }, attribute);
    }
  });
}

test("a head or page whose parts do not fit together is damaged", () => {
  const damaged = { name: "LogError", code: "corrupt_log" };
  assert.throws(() => decodeHead({ ...usedHeadItem, n: list(43, 103, 9) }), damaged);
  assert.throws(() => decodeHead({ ...usedHeadItem, n: list(42, 2, 9) })?.tail(), damaged);
  assert.throws(() => decodeHead({ ...usedHeadItem, n: list(42, 103) })?.tail(), damaged);
  assert.throws(() => decodePage({ ...pageItem, nx: n(43) }), damaged);
  assert.throws(() => decodePage({ ...pageItem, nx: n(40), refs: { L: [] } }), damaged);
  assert.throws(() => decodePage({ ...pageItem, sk: { S: "4x#00000000000000aa" } }), damaged);
});

test("a head whose state is neither open nor closed is damaged", () => {
  assert.throws(() => decodeHead({ ...usedHeadItem, st: { S: "opeo" } }), { name: "LogError", code: "corrupt_log" });
});

test("a spilled state under a key that names no producer is damaged", () => {
  for (const sk of ["x#0", "7#x", "7#99", "7"]) {
    assert.throws(() => decodeSpilled({ ...spilledItem, sk: { S: sk } }), { name: "LogError", code: "corrupt_log" }, sk);
  }
});

test("a page with a part of a partition that its bases do not have is damaged", () => {
  assert.throws(() => decodePage({ ...pageItem, base: list(100) }), { name: "LogError", code: "corrupt_log" });
});
