import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogError, ProducerRecord } from "../../../lib/client/index.ts";
import { inProcess } from "./in-process.ts";

test("strings, bytes, JSON, headers, nulls and times are stored as they are", async () => {
  const { log } = inProcess();
  await log.topics.create({ name: "t" });
  const producer = log.producer({ topic: "t" });
  const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
  const records: ProducerRecord[] = [
    { key: 'ключ "1"\u2028', value: "\u0000\ud83d\ude00 line\nline" },
    { key: bytes, value: bytes, timestampMs: 1_234 },
    { key: { b: 1, a: [1.5, null, "x"] }, value: [true, { deep: {} }] },
    { value: null, headers: { one: "1", two: ["a", null, bytes], ["__proto__"]: "safe" } },
    { key: "", value: "" },
    { key: 7, value: false },
  ];
  await Promise.all(records.map((record) => producer.send(record)));
  const page = await log.fetch({ topic: "t", partition: 0, format: "bytes" });
  const text = (value: Uint8Array | null) => (value === null ? null : new TextDecoder("utf-8", { ignoreBOM: true }).decode(value));
  const [first, second, third, fourth, fifth, sixth] = page.records;
  assert.deepEqual([text(first!.key), text(first!.value)], ['ключ "1"\u2028', "\u0000\ud83d\ude00 line\nline"]);
  assert.deepEqual([second!.key, second!.value, second!.timestampMs], [bytes, bytes, 1_234]);
  assert.deepEqual([text(third!.key), text(third!.value)], ['{"b":1,"a":[1.5,null,"x"]}', '[true,{"deep":{}}]']);
  assert.equal(fourth!.value, null);
  assert.deepEqual([text(fifth!.key), text(fifth!.value)], ["", ""]);
  assert.deepEqual([text(sixth!.key), text(sixth!.value)], ["7", "false"]);
  const asText = await log.fetch({ topic: "t", partition: 0, from: { offset: 3 }, limit: 1 });
  assert.deepEqual(Object.entries(asText.records[0]!.headers), [
    ["one", "1"],
    ["two", ["a", null, bytes]],
    ["__proto__", "safe"],
  ]);
});

test("what has no exact bytes is refused before it is sent", async () => {
  const { log, seen } = inProcess();
  const producer = log.producer({ topic: "t" });
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  const bad = [
    { value: "half \ud800" },
    { value: Number.NaN },
    { value: circle },
    { value: "v", partition: -1 },
    { value: "v", partition: 1.5 },
    { value: "v", timestampMs: -1 },
    { value: "v", headers: { h: "\udc00" } },
    { value: "v", headers: { h: 5 } },
  ];
  for (const record of bad)
    await assert.rejects(producer.send(record as unknown as ProducerRecord), (error: LogError) => error.code === "invalid_request");
  assert.equal(seen.length, 0);
});
