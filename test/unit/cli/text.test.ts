import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import fc from "fast-check";
import { Histogram } from "../../../lib/cli/histogram.ts";
import { contentOf, lines } from "../../../lib/cli/lines.ts";
import { count, size, table } from "../../../lib/cli/table.ts";
import { parseTime } from "../../../lib/cli/times.ts";
import { UsageError } from "../../../lib/cli/usage-error.ts";
import { readSetting } from "../../../lib/config/read-setting.ts";
import { serverSettings } from "../../../lib/config/settings.ts";

async function linesOf(chunks: readonly Uint8Array[], signal = new AbortController().signal): Promise<Buffer[]> {
  const found: Buffer[] = [];
  for await (const some of lines(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), signal)) found.push(...some);
  return found;
}

test("lines are the same however the bytes arrive", async () => {
  const byte = fc.constantFrom(0x0a, 0x0d, 0x61, 0xff, 0xc3);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(byte, { maxLength: 6 })), async (pieces) => {
      const whole = pieces.flat();
      const expected: number[][] = [[]];
      for (const one of whole) {
        if (one === 0x0a) expected.push([]);
        else expected.at(-1)?.push(one);
      }
      if (expected.at(-1)?.length === 0) expected.pop();
      const trimmed = expected.map((line) => (line.at(-1) === 0x0d ? line.slice(0, -1) : line));
      const found = await linesOf(pieces.map((piece) => Uint8Array.from(piece)));
      assert.deepEqual(
        found.map((line) => [...line]),
        trimmed,
      );
    }),
  );
});

test("lines stop when the signal aborts, and a line past the bound is refused", async () => {
  assert.deepEqual(await linesOf([Buffer.from("a\nb")], AbortSignal.abort()), []);
  const endless = Array.from({ length: 17 }, () => new Uint8Array(1024 * 1024));
  await assert.rejects(linesOf(endless), /longer than 16777216 bytes/);
});

test("a line is text when it is UTF-8, with its byte order mark, else bytes", () => {
  assert.equal(contentOf(Buffer.from("\ufeffä")), "\ufeffä");
  assert.deepEqual(contentOf(Buffer.of(0xff)), Buffer.of(0xff));
});

test("tables line up, numbers to the right", () => {
  assert.equal(
    table(
      ["NAME", "N"],
      [
        ["a", 5],
        ["long name", 12_345],
      ],
    ),
    "NAME           N\na              5\nlong name  12345\n",
  );
  assert.equal(table(["A", "B"], []), "A  B\n");
  assert.deepEqual([count(1, "record"), count(12_000, "record")], ["1 record", "12,000 records"]);
  assert.deepEqual([size(999), size(1_500), size(2_500_000)], ["999 B", "1.5 KB", "2.5 MB"]);
});

test("times: ISO 8601, epoch milliseconds, how long ago", () => {
  assert.equal(parseTime("at", "2026-01-31T08:00Z", 0), Date.UTC(2026, 0, 31, 8));
  assert.equal(parseTime("at", "1700000000000", 0), 1_700_000_000_000);
  assert.deepEqual(
    ["30s", "15m", "2h", "7d"].map((text) => parseTime("at", text, 1e12)),
    [1e12 - 30_000, 1e12 - 900_000, 1e12 - 7_200_000, 1e12 - 604_800_000],
  );
  for (const text of ["", "yesterday", "-5m", "2026-13-01", "2026-02-30"]) assert.throws(() => parseTime("at", text, 0), UsageError);
});

test("percentiles are within one per cent", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.01, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 300 }), (values) => {
      const histogram = new Histogram();
      for (const value of values) histogram.add(value);
      const sorted = values.toSorted((a, b) => a - b);
      for (const part of [0.5, 0.95, 0.99, 1]) {
        const exact = sorted[Math.ceil(part * sorted.length) - 1] ?? 0;
        assert.ok(Math.abs(histogram.percentile(part) - exact) <= exact * 0.011, `${histogram.percentile(part)} for ${exact}`);
      }
      assert.equal(histogram.max, sorted.at(-1));
    }),
  );
  assert.equal(new Histogram().percentile(0.5), 0);
});

test("a flag wins over the environment, the environment over the default; a bad value names where it is from", () => {
  const { port } = serverSettings;
  assert.equal(readSetting(port, "1", { STRATALOG_PORT: "2" }), "1");
  assert.equal(readSetting(port, undefined, { STRATALOG_PORT: "2" }), "2");
  assert.equal(readSetting(port, undefined, {}), "7070");
  assert.throws(() => readSetting(port, "x", {}), /^LogError: --port must be a port/);
  assert.throws(() => readSetting(port, undefined, { STRATALOG_PORT: "x" }), /^LogError: STRATALOG_PORT must be a port/);
});

test("every setting's default is one that it takes, and says what it is", () => {
  for (const setting of Object.values(serverSettings)) {
    assert.equal(setting.check(setting.default), undefined);
    assert.ok(setting.doc.endsWith("."));
    assert.equal(setting.env, `STRATALOG_${setting.flag.toUpperCase().replaceAll("-", "_")}`);
  }
});
