import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readCheckpoint, writeCheckpoint } from "../../lib/engines/local/checkpoint.ts";
import type { CheckpointRecord } from "../../lib/engines/local/checkpoint-record.ts";
import { nodeDisk } from "../../lib/engines/local/node-disk.ts";

const journalId = 0x0123456789abcdefn;
const head = { partitions: 2, layout: 3, seq: 7, startSeq: 6, isClosed: false, highWatermarks: [9, 1], startOffsets: [7, 1] };
const records: readonly CheckpointRecord[] = [
  { kind: "shard", shard: { topicId: "t1", shard: 2 }, head, maxTimesMs: [5, Number.MIN_SAFE_INTEGER] },
  {
    kind: "entry",
    seq: 6,
    position: 2 ** 40,
    parts: [{ index: 0, records: 2, baseOffset: 7, maxTimestampMs: -1, bytes: 3, checksum: 0x364b3fb7 }],
  },
  { kind: "producer", state: { producerId: -2n, epoch: 7, index: null, sequence: 9, count: 1, crc: 0xdeadbeef, layout: 1 } },
  {
    kind: "step",
    producerId: -2n,
    index: 3,
    epoch: 7,
    sequence: 9,
    step: { count: 1, crc: 0xdeadbeef, seq: 5, parts: [{ index: 1, baseOffset: 4 }] },
  },
  { kind: "item", key: { pk: "p", sk: "ß" }, version: 1, value: '{"a":1}' },
];

// Format version 1, field by field as docs/format.md has it. Released bytes: they may be added to, never changed.
const golden = [
  "534c4350 01 000000 0123456789abcdef 0000010000001000 19f17d10",
  "000000e5 3b2982bd",
  "01 00000002 7431 00000002 00000003 0000000000000007 0000000000000006 00 02",
  "0000000000000009 0000000000000007 0000000000000005 0000000000000001 0000000000000001 ffe0000000000001",
  "02 0000000000000006 0000010000000000 01 00 00000002 0000000000000007 ffffffffffffffff 00000003 364b3fb7",
  "03 fffffffffffffffe 0007 ff 00000009 00000001 deadbeef 00000001",
  "04 fffffffffffffffe 03 0007 00000009 00000001 deadbeef 0000000000000005 01 01 0000000000000004",
  "05 00000001 70 00000002 c39f 0000000000000001 00000007 7b2261223a317d",
  "00000000 00000001",
].join(" ");
const bytes = Buffer.from(golden.replaceAll(" ", ""), "hex");

async function tempFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "stratalog-checkpoint-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

async function read(folder: string): Promise<{ readonly found: readonly CheckpointRecord[]; readonly position: number | undefined }> {
  const found: CheckpointRecord[] = [];
  const position = await readCheckpoint(nodeDisk, folder, journalId, (some) => found.push(...some));
  return { found, position };
}

test("a checkpoint of format version 1 is these bytes", async (t) => {
  const folder = await tempFolder(t);
  const position = 2 ** 40 + 4_096;
  const written = await writeCheckpoint(nodeDisk, folder, { journalId, position }, [records.slice(0, 2), records.slice(2)], async () => {});
  const file = await readFile(join(folder, "checkpoint"));
  assert.equal(file.toString("hex"), bytes.toString("hex"));
  assert.equal(written, file.length);
});

test("what is in these bytes is read back", async (t) => {
  const folder = await tempFolder(t);
  assert.deepEqual(await read(folder), { found: [], position: undefined });
  await writeFile(join(folder, "checkpoint"), bytes);
  assert.deepEqual(await read(folder), { found: records, position: 2 ** 40 + 4_096 });
});

test("any change of a bit, a cut anywhere and bytes at the end are seen", async (t) => {
  const folder = await tempFolder(t);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    // Bytes 5 to 7 mean nothing yet, and are under the checksum all the same.
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    await writeFile(join(folder, "checkpoint"), changed);
    await assert.rejects(read(folder), { code: "corrupt_log" }, `bit ${bit}`);
  }
  for (let length = 0; length < bytes.length; length++) {
    await writeFile(join(folder, "checkpoint"), bytes.subarray(0, length));
    await assert.rejects(read(folder), { code: "corrupt_log" }, `cut to ${length}`);
  }
  await writeFile(join(folder, "checkpoint"), Buffer.concat([bytes, Buffer.alloc(1)]));
  await assert.rejects(read(folder), { code: "corrupt_log" });
});
