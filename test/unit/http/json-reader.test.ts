import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LogError } from "../../../lib/core/errors.ts";
import { decodeBase64, encodeBase64 } from "../../../lib/http/json/base64.ts";
import { JsonReader } from "../../../lib/http/json/reader.ts";
import { SeededRandom } from "../../../scripts/fuzz/random.ts";
import { mutateBytes } from "../../../scripts/fuzz/mutate.ts";

function accepts(source: Uint8Array): boolean {
  try {
    const reader = new JsonReader(source);
    reader.skip();
    reader.end();
    return true;
  } catch (error) {
    assert.ok(error instanceof LogError && error.code === "invalid_request");
    return false;
  }
}

function parses(source: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(source));
    return true;
  } catch {
    return false;
  }
}

const spaced = fc
  .tuple(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom("", " ", "\n", "\t\r\n "))
  .map(([value, space]) => space + JSON.stringify(value, null, space) + space);

test("takes what JSON.parse takes", () => {
  fc.assert(fc.property(spaced, (text) => accepts(Buffer.from(text))));
});

test("refuses what JSON.parse refuses, byte by byte", () => {
  const corpus = ['{"a":[1,-0.5e+10,true,null,"\\u0041\\n"]}', '[[],{},"é𝄞",0]', ' "\\ud800" ', "-1E-2", '{"":{"":[]}}'];
  const random = new SeededRandom(3);
  let refused = 0;
  for (let nth = 0; nth < 20_000; nth++) {
    const source = mutateBytes(random, Buffer.from(random.pick(corpus)));
    const expected = parses(source);
    assert.equal(accepts(source), expected, JSON.stringify(Buffer.from(source).toString("latin1")));
    if (!expected) refused++;
  }
  assert.ok(refused > 1_000 && refused < 19_000);
});

test("gives each value's source, without the spaces around it", () => {
  fc.assert(
    fc.property(fc.array(fc.json()), (values) => {
      const reader = new JsonReader(Buffer.from(`[ ${values.join(" ,\n")} ]`));
      assert.ok(reader.take("[".charCodeAt(0)));
      const sources: string[] = [];
      if (!reader.take("]".charCodeAt(0))) {
        do sources.push(Buffer.from(reader.value()).toString());
        while (reader.another("]".charCodeAt(0)));
      }
      assert.deepEqual(
        sources,
        values.map((value) => value.trim()),
      );
    }),
  );
});

test("gives a string's bytes and text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.boolean(), (text, escapeAll) => {
      const escaped = escapeAll ? text.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`) : undefined;
      const reader = new JsonReader(Buffer.from(escaped === undefined ? JSON.stringify(text) : `"${escaped}"`));
      reader.string();
      assert.equal(reader.stringText(), text);
      if (/^\p{ASCII}*$/u.test(text)) assert.ok(reader.stringIs(text) && !reader.stringIs(`${text}x`));
      assert.deepEqual(Buffer.from(reader.stringBytes()), Buffer.from(text));
    }),
  );
});

test("nesting is bounded", () => {
  assert.ok(accepts(Buffer.from("[".repeat(64) + "]".repeat(64))));
  assert.ok(!accepts(Buffer.from("[".repeat(65) + "]".repeat(65))));
  assert.ok(!accepts(Buffer.from("[".repeat(1_000_000))));
});

test("base64 is strict: one text for one value", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      assert.deepEqual(new Uint8Array(decodeBase64(encodeBase64(bytes), "x")), bytes);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("A", "B", "/", "+", "=", "-", " ", "g"), maxLength: 9 }), (text) => {
      try {
        assert.equal(encodeBase64(decodeBase64(text, "x")), text);
      } catch (error) {
        assert.ok(error instanceof LogError, String(error));
        assert.notEqual(Buffer.from(text, "base64").toString("base64"), text);
      }
    }),
  );
});
