import assert from "node:assert/strict";
import { BlockList } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { ipRange } from "../../../../lib/core/delivery/ip-range.ts";
import { foldCase, wildcard } from "../../../../lib/core/delivery/text-tests.ts";

test("a wildcard matches what the regular expression of its pieces matches", () => {
  const piece = fc.string({ unit: fc.constantFrom("a", "b", ".", "*", "\\"), maxLength: 3 });
  fc.assert(
    fc.property(
      fc.array(piece, { minLength: 1, maxLength: 4 }),
      fc.array(piece, { maxLength: 5 }),
      fc.array(piece, { maxLength: 4 }),
      (pieces, noise, more) => {
        const inner = pieces.filter((text, index) => text !== "" || index === 0 || index === pieces.length - 1);
        const matches = wildcard(inner.map((text) => text.replace(/[*\\]/g, "\\$&")).join("*"));
        const expression = new RegExp(`^${inner.map((text) => text.replace(/[.*\\]/g, "\\$&")).join("[^]*")}$`);
        for (const text of [noise.join(""), inner.join(""), inner.join(noise.join("")), inner.join("") + more.join("")])
          assert.equal(matches(text), expression.test(text), `${JSON.stringify(inner)} and ${text}`);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("ranges of IP addresses hold what Node's lists hold", () => {
  const near = (address: string, bits: number, family: "ipv4" | "ipv6", others: readonly string[]) => {
    const list = new BlockList();
    list.addSubnet(address, bits, family);
    const inRange = ipRange(`${address}/${bits}`);
    assert.ok(inRange, `${address}/${bits}`);
    for (const other of [address, ...others]) assert.equal(inRange(other), list.check(other, family), `${address}/${bits} and ${other}`);
  };
  const v4 = fc.array(fc.constantFrom(0, 1, 127, 128, 255), { minLength: 4, maxLength: 4 }).map((bytes) => bytes.join("."));
  fc.assert(fc.property(v4, fc.nat(32), fc.array(v4), (address, bits, others) => near(address, bits, "ipv4", others)));
  const group = fc.constantFrom("0", "1", "7fff", "8000", "FFFF", "00ab");
  const v6 = fc.oneof(
    fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(":")),
    fc
      .tuple(fc.array(group, { maxLength: 3 }), fc.array(group, { maxLength: 3 }))
      .map(([head, tail]) => `${head.join(":")}::${tail.join(":")}`),
    fc.tuple(fc.array(group, { minLength: 6, maxLength: 6 }), v4).map(([head, tail]) => `${head.join(":")}:${tail}`),
  );
  fc.assert(fc.property(v6, fc.nat(128), fc.array(v6), (address, bits, others) => near(address, bits, "ipv6", others)));
});

test("texts that differ in case only fold to the same", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", "Z", "é", "Ж", "Σ", "σ", "ς", "1", "雪") }), (text) => {
      assert.equal(foldCase(text.toUpperCase()), foldCase(text));
      assert.equal(foldCase(text.toLowerCase()), foldCase(text));
    }),
  );
});
