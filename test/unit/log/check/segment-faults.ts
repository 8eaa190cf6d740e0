import assert from "node:assert/strict";
import { batchField } from "../../../../lib/core/codec/batch-header.ts";
import { writeInt32 } from "../../../../lib/core/codec/bytes.ts";
import { crc32c } from "../../../../lib/core/codec/crc32c.ts";
import { segmentFormat, segmentHead } from "../../../../lib/core/codec/segment.ts";
import { VarintReader } from "../../../../lib/core/codec/varint.ts";
import { type Planted } from "./planted.ts";
import { type CheckWorld, flip } from "./world.ts";

export const segments: readonly Planted[] = [
  {
    name: "a bit of a batch",
    plant: async (world, topic) => world.changeObject((await world.lastRow(topic)).key, (bytes) => flip(bytes, 80)),
    found: ["damaged segment"],
    says: /part of it with offsets \d+ to \d+ .*checksum/,
  },
  {
    name: "a bit of a footer",
    plant: async (world, topic) => world.changeObject((await world.lastRow(topic)).key, (bytes) => flip(bytes, -14)),
    found: ["damaged segment"],
    says: /footer cannot be used/,
  },
  {
    name: "a bit of a head",
    plant: async (world, topic) => world.changeObject((await world.lastRow(topic)).key, (bytes) => flip(bytes, 0)),
    found: ["damaged segment"],
    says: /head cannot be used/,
  },
  {
    name: "an object that is gone",
    plant: async (world, topic) => world.changeObject((await world.lastRow(topic)).key, () => undefined),
    found: ["missing segment"],
    says: /object is not there/,
  },
  ...[20, 1_000].map(
    (bytesLess): Planted => ({
      name: `an object cut short by ${bytesLess} bytes`,
      plant: async (world, topic) =>
        world.changeObject((await world.lastRow(topic)).key, (bytes) => bytes.subarray(0, Math.max(1, bytes.length - bytesLess))),
      found: ["damaged segment"],
      says: /footer cannot be used: .*(ends after|has 1 bytes)/,
    }),
  ),
  {
    name: "a batch that was damaged before it was sealed",
    plant: async (world, topic) => {
      const last = await world.lastRow(topic);
      const value = await world.storeSegment(topic, last.baseOffset, last.next, (batch) => flip(batch, -1));
      await world.changeObject(last.key, () => undefined);
      await world.putRow(topic, { ...last, ...value, reachedMs: last.reachedMs });
    },
    found: ["damaged segment"],
    says: /before it was stored there: the record batch .* fails its CRC/,
  },
  {
    name: "a batch outside of its segment's offsets",
    plant: async (world, topic) => {
      const last = await world.lastRow(topic);
      const value = await world.storeSegment(topic, last.baseOffset, last.next, (batch) => flip(batch, batchField.baseOffset + 7));
      await world.changeObject(last.key, () => undefined);
      await world.putRow(topic, { ...last, ...value, reachedMs: last.reachedMs });
    },
    found: ["damaged segment"],
    says: /a record batch (begins at|reaches to) offset/,
  },
  {
    name: "a footer that counts other records than there are",
    plant: async (world, topic) => {
      const last = await world.lastRow(topic);
      await world.changeObject(last.key, (bytes) => {
        const footer = bytes.subarray(bytes.length - last.endBytes, bytes.length - 12);
        // Three varints: base offset, next offset, records. Small ones, a byte each.
        footer[2] = 2 * (last.records + 1);
        writeInt32(bytes, bytes.length - 8, crc32c(footer, crc32c(segmentHead())));
        return bytes;
      });
      await world.putRow(topic, { ...last, records: last.records + 1 });
    },
    found: ["inconsistent segment"],
    says: /footer and its batches .*records is 3 and 2/,
  },
  ...(["offset", "time"] as const).map(
    (what): Planted => ({
      name: `a footer whose block has another ${what} than its batches`,
      plant: async (world, topic) => {
        const last = await world.lastRow(topic);
        await world.changeObject(last.key, (bytes) => {
          const footer = bytes.subarray(bytes.length - last.endBytes, bytes.length - segmentFormat.tailBytes);
          const reader = new VarintReader(footer);
          // The segment's five facts, the number of blocks, the block's length; then its offset less the base offset, and its time.
          for (let nth = 0; nth < 7; nth++) reader.readVarlong();
          if (what === "time") reader.readVarlong();
          // The lowest bit is the sign.
          footer[reader.position] = (footer[reader.position] ?? 0) ^ 2;
          writeInt32(bytes, bytes.length - 8, crc32c(footer, crc32c(segmentHead())));
          return bytes;
        });
      },
      found: ["inconsistent segment"],
      says: what === "offset" ? /batches tell .* block 0 begins at \d+ and \d+/ : /batches tell .* times in block 0 reach \d+ and \d+/,
    }),
  ),
  {
    name: "a row that counts other records than its footer",
    plant: async (world, topic) => {
      const last = await world.lastRow(topic);
      await world.putRow(topic, { ...last, records: 7 });
    },
    found: ["inconsistent segment"],
    says: /row and its footer .*records is 7 and 2/,
  },
  {
    name: "a row whose largest timestamp is too small",
    plant: async (world, topic) => {
      const last = await world.lastRow(topic);
      await world.putRow(topic, { ...last, reachedMs: 5 });
    },
    found: ["inconsistent segment"],
    says: /timestamps reach 5/,
  },
  {
    name: "a row that says nonsense",
    plant: async (world, topic) => {
      const last = await world.lastRow(topic);
      await world.putRow(topic, { ...last, next: last.baseOffset });
    },
    // Its offsets are then in no other row.
    found: ["damaged segment", "missing frontier"],
    says: /which no segment can be/,
  },
  {
    name: "a row that is gone: its object is kept",
    plant: async (world, topic) => world.dropRow(topic, (await world.rows(topic))[1] as Awaited<ReturnType<CheckWorld["lastRow"]>>),
    found: ["missing segment", "unreferenced object"],
    says: /Offsets 8 to 9 are in no segment[\s\S]*Keep it/,
  },
  {
    name: "two rows about the same offsets",
    plant: async (world, topic) => {
      const [first] = await world.rows(topic);
      const value = await world.storeSegment(topic, 2, 4);
      assert.ok(first !== undefined && first.next > 4);
      await world.putRow(topic, { version: 0, baseOffset: 2, ...value, reachedMs: first.reachedMs + 1 });
      // Those after it say so too.
      for (const row of (await world.rows(topic)).slice(2))
        await world.putRow(topic, { ...row, reachedMs: Math.max(row.reachedMs, first.reachedMs + 1) });
    },
    found: ["overlapping segment"],
    says: /about offsets 2 to 3, and the one before it reaches to 7/,
  },
  {
    name: "a row that names an object with other offsets",
    plant: async (world, topic) => {
      const [, second, third] = await world.rows(topic);
      assert.ok(second !== undefined && third !== undefined);
      await world.putRow(topic, { ...third, key: second.key, bytes: second.bytes, endBytes: second.endBytes });
    },
    found: ["inconsistent segment", "unreferenced object"],
    says: /baseOffset is 10 and 8[\s\S]*Keep it/,
  },
];
