import assert from "node:assert/strict";
import { test } from "node:test";
import { SipHash128 } from "../../../../lib/core/compaction/siphash.ts";

/** By OpenSSL 3: `openssl mac -macopt hexkey:000102..0f -macopt size:16 SIPHASH` of the bytes 0, 1, 2 and so on, by how many they are. */
const expected = {
  0: "a3817f04ba25a8e66df67214c7550293",
  1: "da87c1d86b99af44347659119b22fc45",
  7: "a1f1ebbed8dbc153c0b84aa61ff08239",
  8: "3b62a9ba6258f5610f83e264f31497b4",
  9: "264499060ad9baabc47f8b02bb6d71ed",
  15: "5493e99933b0a8117e08ec0f97cfc3d9",
  16: "6ee2a4ca67b054bbfd3315bf85230577",
  63: "5150d1772f50834a503e069a973fbd7c",
  64: "1eaf077dc0d4cd3f8cad4d383658a74b",
  300: "ce005a406d14b36d5386b5f7a7e1b311",
};

test("SipHash-2-4-128 is as OpenSSL has it, wherever the bytes lie", () => {
  const hash = new SipHash128(Uint8Array.from({ length: 16 }, (_, nth) => nth));
  const digest = { a: 0, b: 0, c: 0, d: 0 };
  for (const [length, hex] of Object.entries(expected)) {
    for (const before of [0, 3]) {
      const bytes = new Uint8Array(before + Number(length) + 5).fill(0xaa);
      for (let nth = 0; nth < Number(length); nth++) bytes[before + nth] = nth;
      hash.hash(bytes, before, before + Number(length), digest);
      const own = Buffer.alloc(16);
      for (const [nth, word] of [digest.a, digest.b, digest.c, digest.d].entries()) own.writeUInt32LE(word, 4 * nth);
      assert.equal(own.toString("hex"), hex, `${length} bytes`);
    }
  }
});
