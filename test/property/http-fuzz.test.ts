import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzzHttp } from "../../scripts/fuzz/fuzzer.ts";

test("bad input over HTTP: no crash, no 5xx, 4xx changes nothing, what is accepted reads back", async () => {
  const result = await fuzzHttp(10_000, 20_260_131);
  assert.deepEqual(result.findings, []);
  assert.ok(result.accepted > result.inputs / 20, `${result.accepted} of ${result.inputs} inputs were accepted: too few to say much`);
});
