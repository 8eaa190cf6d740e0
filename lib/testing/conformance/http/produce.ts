import assert from "node:assert/strict";
import { mediaTypes, type ProduceAnswer, type WireNewRecord } from "../../../http/wire.ts";
import { type Api, type HttpCase, jsonBody, topicCase } from "./target.ts";

/** Bodies of `POST /topics/{t}/records` that have to be refused whole, by what is wrong with them. */
const malformed: Readonly<Record<string, string>> = {
  nothing: "",
  "no object": "[]",
  "no records": "{}",
  "an empty list": '{"records":[]}',
  "records that are no list": '{"records":{}}',
  "a record that is no object": '{"records":["x"]}',
  "an unknown field": '{"records":[{"value":"x","valu":1}]}',
  "an unknown field beside the records": '{"records":[{}],"acks":1}',
  "a field twice": '{"records":[{"value":"x","value":"y"}]}',
  "an escaped field twice": '{"records":[{"value":"x","\\u0076alue":"y"}]}',
  "records twice": '{"records":[{}],"records":[{}]}',
  "value and valueBase64": '{"records":[{"value":"x","valueBase64":"eA=="}]}',
  "key and keyBase64": '{"records":[{"key":null,"keyBase64":"eA=="}]}',
  "base64 without padding": '{"records":[{"valueBase64":"eA"}]}',
  "base64 with spare bits": '{"records":[{"valueBase64":"eB=="}]}',
  base64url: '{"records":[{"valueBase64":"_-8="}]}',
  "base64 that is no string": '{"records":[{"valueBase64":1}]}',
  "a negative partition": '{"records":[{"partition":-1}]}',
  "half a partition": '{"records":[{"partition":0.5}]}',
  "a partition as a string": '{"records":[{"partition":"0"}]}',
  "a partition of null": '{"records":[{"partition":null}]}',
  "a time as a string": '{"records":[{"timestamp":"2026-01-01"}]}',
  "a time that is no integer": '{"records":[{"timestamp":1.5}]}',
  "a time past 2^53": '{"records":[{"timestamp":9007199254740993}]}',
  "headers as a list": '{"records":[{"headers":[]}]}',
  "a number as a header": '{"records":[{"headers":{"a":1}}]}',
  "a header without values": '{"records":[{"headers":{"a":[]}}]}',
  "a header name twice": '{"records":[{"headers":{"a":"1","a":"2"}}]}',
  "a header of another shape": '{"records":[{"headers":{"a":{"hex":"00"}}}]}',
  "a comma at the end": '{"records":[{"value":"x"},]}',
  "text after the end": '{"records":[{"value":"x"}]}x',
  "an open string": '{"records":[{"value":"x',
  "a number that JSON does not have": '{"records":[{"value":01}]}',
  "an escape that JSON does not have": '{"records":[{"value":"\\x41"}]}',
  "a raw line break in a string": '{"records":[{"value":"a\nb"}]}',
  "a lone surrogate": '{"records":[{"value":"\\ud800"}]}',
  "a lone surrogate in a key": '{"records":[{"key":"\\udc00x"}]}',
  NaN: '{"records":[{"value":NaN}]}',
  "values nested too deep": `{"records":[{"value":${"[".repeat(100)}${"]".repeat(100)}}]}`,
  "values nested far too deep": `{"records":[{"value":${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}}]}`,
};

export const produceCases: readonly HttpCase[] = [
  topicCase("offsets are answered in request order and start at 0", { partitions: 2 }, async (api, topic) => {
    const first = await api.produce(topic, [
      { value: "a", partition: 1 },
      { value: "b", partition: 0 },
      { value: "c", partition: 1 },
    ]);
    assert.deepEqual(first.offsets, [
      { partition: 1, offset: 0 },
      { partition: 0, offset: 0 },
      { partition: 1, offset: 1 },
    ]);
    const second = await api.produce(topic, [{ value: "d", partition: 1 }]);
    assert.deepEqual(second.offsets, [{ partition: 1, offset: 2 }]);
    assert.deepEqual(
      (await api.read(topic, "", 1)).records.map((record) => record.value),
      ["a", "c", "d"],
    );
  }),

  topicCase("a string is stored as its bytes, any other value as its JSON text to the digit", {}, async (api, topic) => {
    const sources = [
      "12345678901234567890",
      "1.0",
      "-0",
      "1E+2",
      "true",
      '{"b":1,"a":2,"b":3}',
      '[1, 2,\t"\\u0041\\ud800"]',
      '"plain"',
      '""',
    ];
    await api.produce(topic, `{"records":[${sources.map((value) => `{"value": ${value} ,"key":${value}}`).join(",")}]}`);
    const stored = sources.map((source) => (source.startsWith('"') ? (JSON.parse(source) as string) : source));
    const { records } = await api.read(topic);
    assert.deepEqual(
      records.map((record) => record.value),
      stored,
    );
    assert.deepEqual(
      records.map((record) => record.key),
      stored,
    );
  }),

  topicCase("strings keep every character", {}, async (api, topic) => {
    const value = '\u0000\t"\\/\u007f é € 𝄞 \u2028\ufeff\ufffd';
    await api.produce(topic, [{ value: `\ufeff${value}` }, { value: value.repeat(1_000) }]);
    const { records } = await api.read(topic);
    assert.equal(records[0]?.value, `\ufeff${value}`);
    assert.equal(records[1]?.value, value.repeat(1_000));
  }),

  topicCase("null and absent are none, bytes travel as base64", {}, async (api, topic) => {
    await api.produce(topic, [{ key: "k", value: null }, { value: "" }, {}, { keyBase64: "/wA=", valueBase64: "" }]);
    const { records } = await api.read(topic);
    assert.deepEqual(
      records.map(({ key, keyBase64, value }) => [key ?? keyBase64 ?? null, value]),
      [
        ["k", null],
        [null, ""],
        [null, null],
        ["/wA=", ""],
      ],
    );
  }),

  topicCase("headers keep their order within a name, null and bytes", {}, async (api, topic) => {
    const headers = { b: "1", a: ["x", null, { base64: "/w==" }, "y"], "": null, __proto__x: "p", 'q"\n': "é" };
    await api.produce(topic, [{ value: "v", headers }]);
    assert.deepEqual((await api.read(topic)).records[0]?.headers, headers);
  }),

  topicCase("a record's own time is kept, and else is the time of the append", {}, async (api, topic) => {
    await api.produce(topic, [{ value: "a", timestamp: 1_500_000_000_123 }, { value: "b", timestamp: 0 }, { value: "c" }]);
    const { records } = await api.read(topic);
    assert.deepEqual(
      records.slice(0, 2).map((record) => record.timestamp),
      [1_500_000_000_123, 0],
    );
    assert.ok((records[2]?.timestamp ?? 0) > 1_500_000_000_123);
  }),

  topicCase("records of one key go to one partition", { partitions: 5 }, async (api, topic) => {
    const keys = Array.from({ length: 50 }, (_, index) => `key-${index % 10}`);
    const { offsets } = await api.produce(
      topic,
      keys.map((key) => ({ key, value: "v" })),
    );
    const partitions = new Map<string, Set<number>>();
    for (const [index, key] of keys.entries()) {
      const partition = offsets[index]?.partition ?? -1;
      partitions.set(key, (partitions.get(key) ?? new Set()).add(partition));
    }
    assert.ok([...partitions.values()].every((set) => set.size === 1));
    assert.ok(new Set(offsets.map((offset) => offset.partition)).size > 1, "ten keys do not all meet in one of five partitions");
  }),

  ...Object.entries(malformed).map(([what, body]) =>
    topicCase(`a body with ${what} is refused and changes nothing`, {}, async (api, topic) => {
      const error = await api.refused(400, "invalid_request", `/topics/${topic}/records`, jsonBody(body));
      assert.ok(error.message.length > 10);
      assert.deepEqual(await api.highWatermarks(topic), [0]);
    }),
  ),

  topicCase("a bad record refuses the good ones before it, and the error names it", {}, async (api, topic) => {
    const records = [{ value: "good" }, { value: "good" }, { valeu: "bad" }];
    const error = await api.refused(400, "invalid_request", `/topics/${topic}/records`, jsonBody({ records }));
    assert.equal(error["record"], 2);
    assert.match(error.message, /valeu/);
    assert.deepEqual(await api.highWatermarks(topic), [0]);
  }),

  topicCase("bytes that are not UTF-8 are refused", {}, async (api, topic) => {
    const body = new Uint8Array([...new TextEncoder().encode('{"records":[{"value":"'), 0xff, ...new TextEncoder().encode('"}]}')]);
    await api.refused(400, "invalid_request", `/topics/${topic}/records`, { ...jsonBody(""), body });
    assert.deepEqual(await api.highWatermarks(topic), [0]);
  }),

  topicCase("a body of another type or encoding is refused", {}, async (api, topic) => {
    const path = `/topics/${topic}/records`;
    const body = '{"records":[{"value":"x"}]}';
    for (const type of ["text/plain", "application/json; charset=latin1"]) {
      await api.refused(415, "unsupported_media_type", path, { method: "POST", body, headers: { "content-type": type } });
    }
    assert.deepEqual(await api.highWatermarks(topic), [0]);
    const utf8 = await api.send(path, { method: "POST", body, headers: { "content-type": "Application/JSON; charset=UTF-8" } });
    assert.equal(utf8.status, 200, await utf8.text());
  }),

  topicCase("a compressed body is refused", {}, async (api, topic) => {
    const headers = { "content-type": mediaTypes.json, "content-encoding": "gzip" };
    const body = '{"records":[{"value":"x"}]}';
    await api.refused(415, "unsupported_media_type", `/topics/${topic}/records`, { method: "POST", body, headers });
    assert.deepEqual(await api.highWatermarks(topic), [0]);
  }),

  topicCase("a form is refused", {}, async (api, topic) => {
    const body = '{"records":[{"value":"x"}]}';
    for (const type of ["application/x-www-form-urlencoded", "multipart/form-data"]) {
      const headers = { "content-type": type };
      await api.refused(415, "unsupported_media_type", `/topics/${topic}/records`, { method: "POST", body, headers });
    }
    assert.deepEqual(await api.highWatermarks(topic), [0]);
  }),

  topicCase("a topic or partition that is not there is told, and a request that names one changes nothing", {}, async (api, topic) => {
    const records: readonly WireNewRecord[] = [{ value: "a" }];
    await api.refused(404, "unknown_topic_or_partition", `/topics/${topic}-none/records`, jsonBody({ records }));
    const mixed = [
      { value: "a", partition: 0 },
      { value: "b", partition: 7 },
    ];
    await api.refused(404, "unknown_topic_or_partition", `/topics/${topic}/records`, jsonBody({ records: mixed }));
    assert.deepEqual(await api.highWatermarks(topic), [0]);
  }),

  topicCase("a record over max.message.bytes is refused", { config: { "max.message.bytes": 1_000 } }, async (api, topic) => {
    const records = [{ value: "x".repeat(2_000) }];
    await api.refused(413, "message_too_large", `/topics/${topic}/records`, jsonBody({ records }));
    assert.deepEqual(await api.highWatermarks(topic), [0]);
  }),

  topicCase("a body over the limit is refused", {}, async (api, topic) => {
    const body = `{"records":[{"value":"${"x".repeat(17 * 1024 * 1024)}"}]}`;
    await api.refused(413, "request_too_large", `/topics/${topic}/records`, jsonBody(body));
    assert.deepEqual(await api.highWatermarks(topic), [0]);
  }),

  topicCase("what a request is asked with is checked", {}, async (api, topic) => {
    const records: readonly WireNewRecord[] = [{ value: "a" }];
    for (const query of ["atomic=yes", "expectedOffset=-1", "expectedOffset=x", "acks=all", "atomic=true&atomic=true", "partition=0"]) {
      await api.refused(400, "invalid_request", `/topics/${topic}/records?${query}`, jsonBody({ records }));
    }
    assert.deepEqual(await api.highWatermarks(topic), [0]);
  }),

  topicCase("expectedOffset appends only at that offset", {}, async (api, topic) => {
    assert.deepEqual((await api.produce(topic, [{ value: "a" }], "?expectedOffset=0")).offsets, [{ partition: 0, offset: 0 }]);
    const stale = await api.refused(
      412,
      "wrong_expected_offset",
      `/topics/${topic}/records?expectedOffset=0`,
      jsonBody({ records: [{ value: "b" }] }),
    );
    assert.equal(stale["actualOffset"], 1);
    assert.deepEqual(await api.highWatermarks(topic), [1]);
    assert.deepEqual((await api.produce(topic, [{ value: "b" }], "?expectedOffset=1")).offsets, [{ partition: 0, offset: 1 }]);
  }),

  topicCase("expectedOffset needs one partition", { partitions: 2 }, async (api, topic) => {
    const records = [
      { value: "a", partition: 0 },
      { value: "b", partition: 1 },
    ];
    await api.refused(400, "invalid_request", `/topics/${topic}/records?expectedOffset=0`, jsonBody({ records }));
    assert.deepEqual(await api.highWatermarks(topic), [0, 0]);
  }),

  topicCase("of two that expect the same offset, one wins", {}, async (api, topic) => {
    const statuses = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const response = await api.send(`/topics/${topic}/records?expectedOffset=0`, jsonBody({ records: [{ value: String(index) }] }));
        await response.text();
        return response.status;
      }),
    );
    assert.deepEqual(statuses.toSorted(), [200, ...Array<number>(7).fill(412)]);
    assert.deepEqual(await api.highWatermarks(topic), [1]);
  }),

  topicCase("atomic=true is all or nothing over shards", { partitions: 3, partitionsPerShard: 1 }, async (api, topic) => {
    const spread = (last: number) => [0, 1, last].map((partition) => ({ value: "v", partition }));
    const { offsets } = await api.produce(topic, spread(2), "?atomic=true");
    assert.deepEqual(
      offsets,
      [0, 1, 2].map((partition) => ({ partition, offset: 0 })),
    );
    await api.refused(404, "unknown_topic_or_partition", `/topics/${topic}/records?atomic=true`, jsonBody({ records: spread(9) }));
    assert.deepEqual(await api.highWatermarks(topic), [1, 1, 1]);
  }),

  topicCase("concurrent requests get offsets of their own, dense", {}, async (api, topic) => {
    const answers: readonly ProduceAnswer[] = await Promise.all(
      Array.from({ length: 20 }, (_, index) => api.produce(topic, [{ value: `${index}-0` }, { value: `${index}-1` }])),
    );
    const offsets = answers.flatMap((answer) => answer.offsets.map((result) => ("offset" in result ? result.offset : -1)));
    assert.deepEqual(
      offsets.toSorted((a, b) => a - b),
      Array.from({ length: 40 }, (_, index) => index),
    );
    await everyRecordIsAt(api, topic, answers);
  }),
];

async function everyRecordIsAt(api: Api, topic: string, answers: readonly ProduceAnswer[]): Promise<void> {
  const { records } = await api.read(topic);
  for (const [index, answer] of answers.entries()) {
    for (const [nth, result] of answer.offsets.entries()) {
      assert.ok("offset" in result);
      assert.equal(records[result.offset]?.value, `${index}-${nth}`);
    }
  }
}
