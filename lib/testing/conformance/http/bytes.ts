import assert from "node:assert/strict";
import { mediaTypes, type ProduceAnswer, responseHeaders } from "../../../http/wire.ts";
import { type Api, type HttpCase, type Sent, topicCase } from "./target.ts";

const ndjson = (body: string): Sent => ({ method: "POST", body, headers: { "content-type": mediaTypes.ndjson } });
const raw = (body: Uint8Array): Sent => ({ method: "POST", body, headers: { "content-type": mediaTypes.recordBatch } });

async function fetchRaw(
  api: Api,
  topic: string,
  partition: number,
  query = "",
): Promise<{ readonly bytes: Uint8Array; readonly response: Response }> {
  const response = await api.send(`/topics/${topic}/partitions/${partition}/records${query}`, {
    headers: { accept: mediaTypes.recordBatch },
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  assert.equal(response.status, 200, new TextDecoder().decode(bytes));
  assert.equal(response.headers.get("content-type"), mediaTypes.recordBatch);
  return { bytes, response };
}

/** NDJSON and raw record batches. */
export const byteCases: readonly HttpCase[] = [
  topicCase("NDJSON appends a record a line, and blank lines are none", {}, async (api, topic) => {
    const body = '{"value":"a"}\n\n  \r\n{"value":{"n":1.0}}\r\n{"value":"c"}';
    const { offsets } = await api.json<ProduceAnswer>(`/topics/${topic}/records`, ndjson(body));
    assert.deepEqual(
      offsets,
      [0, 1, 2].map((offset) => ({ partition: 0, offset })),
    );
    const { records } = await api.read(topic);
    assert.deepEqual(
      records.map((record) => record.value),
      ["a", '{"n":1.0}', "c"],
    );
  }),

  topicCase("NDJSON of several pieces is appended whole and in order", { partitions: 2 }, async (api, topic) => {
    const lines = Array.from({ length: 3_000 }, (_, index) => `{"partition":1,"value":"${index}-${"x".repeat(1_000)}"}`);
    const { offsets } = await api.json<ProduceAnswer>(`/topics/${topic}/records`, ndjson(lines.join("\n")));
    assert.equal(offsets.length, lines.length);
    for (const [index, result] of offsets.entries()) assert.deepEqual(result, { partition: 1, offset: index });
    const { records } = await api.read(topic, "?offset=2999", 1);
    assert.equal(records[0]?.value, `2999-${"x".repeat(1_000)}`);
  }),

  topicCase("a bad line of a small NDJSON request changes nothing, and the error names the line", {}, async (api, topic) => {
    const error = await api.refused(
      400,
      "invalid_request",
      `/topics/${topic}/records`,
      ndjson('{"value":"a"}\n{"value":"b"}\n{"valeu":"c"}\n'),
    );
    assert.equal(error["line"], 3);
    assert.deepEqual(await api.highWatermarks(topic), [0]);
  }),

  topicCase("a bad line late in a large NDJSON request: the answer has the offsets of what is in the log", {}, async (api, topic) => {
    const lines = Array.from({ length: 3_000 }, (_, index) => (index === 2_900 ? "{" : `{"value":"${index}-${"x".repeat(1_000)}"}`));
    const answer = await api.json<ProduceAnswer>(`/topics/${topic}/records`, ndjson(lines.join("\n")), 400);
    assert.equal(answer.error?.code, "invalid_request");
    assert.equal(answer.error["line"], 2_901);
    assert.deepEqual(await api.highWatermarks(topic), [answer.offsets.length]);
    assert.equal(answer.error["resumeLine"], answer.offsets.length + 1);
    assert.ok(answer.offsets.length > 0 && answer.offsets.length < 2_900);
  }),

  topicCase("NDJSON without a record is refused", {}, async (api, topic) => {
    for (const body of ["\n", " \n\n", "[]\n", "1", "null"])
      await api.refused(400, "invalid_request", `/topics/${topic}/records`, ndjson(body));
    assert.deepEqual(await api.highWatermarks(topic), [0]);
  }),

  topicCase("record batches that were read raw can be appended raw, byte for byte", { partitions: 2 }, async (api, topic) => {
    await api.produce(topic, [
      { key: "k", value: "a", headers: { h: "1" }, partition: 0 },
      { value: "b", partition: 0 },
    ]);
    const { bytes, response } = await fetchRaw(api, topic, 0);
    assert.equal(response.headers.get(responseHeaders.offset), "0");
    assert.equal(response.headers.get(responseHeaders.nextOffset), "2");
    assert.equal(response.headers.get(responseHeaders.highWatermark), "2");
    assert.equal(response.headers.get(responseHeaders.logStartOffset), "0");
    const appended = await api.send(`/topics/${topic}/records?partition=1`, raw(bytes));
    assert.equal(appended.headers.get(responseHeaders.nextOffset), "2");
    assert.deepEqual(await appended.json(), { offsets: [{ partition: 1, offset: 0 }] });
    assert.deepEqual((await fetchRaw(api, topic, 1)).bytes, bytes);
    assert.deepEqual((await api.read(topic, "", 1)).records, (await api.read(topic, "", 0)).records);
    const expected = await api.send(`/topics/${topic}/records?partition=1&expectedOffset=2`, raw(bytes));
    assert.equal(expected.status, 200, await expected.text());
    await api.refused(412, "wrong_expected_offset", `/topics/${topic}/records?partition=1&expectedOffset=2`, raw(bytes));
    assert.deepEqual((await api.highWatermarks(topic))[1], 4);
  }),

  topicCase("a raw read at an offset starts with the batch that holds it", {}, async (api, topic) => {
    await api.produce(topic, [{ value: "a" }, { value: "b" }, { value: "c" }]);
    await api.produce(topic, [{ value: "d" }]);
    const { response } = await fetchRaw(api, topic, 0, "?offset=1&limit=1");
    assert.equal(response.headers.get(responseHeaders.offset), "1");
    assert.equal(response.headers.get(responseHeaders.nextOffset), "3");
    const empty = await fetchRaw(api, topic, 0, "?offset=latest");
    assert.equal(empty.bytes.length, 0);
    assert.equal(empty.response.headers.get(responseHeaders.nextOffset), "4");
  }),

  topicCase("a batch with any byte of it changed is refused or says the same", {}, async (api, topic) => {
    await api.produce(topic, [{ key: "key", value: "value" }]);
    const { bytes } = await fetchRaw(api, topic, 0);
    let appended = 0;
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x41;
      const response = await api.send(`/topics/${topic}/records?partition=0`, raw(changed));
      const text = await response.text();
      if (response.status === 200) appended++;
      else assert.ok(response.status === 400 || response.status === 413, `byte ${at}: ${response.status} ${text}`);
      // The base offset and the leader epoch are the log's own and outside the checksum.
      if (response.status === 200) assert.ok(at < 8 || (at >= 12 && at < 16), `byte ${at} was changed and the batch taken`);
    }
    assert.deepEqual(await api.highWatermarks(topic), [1 + appended]);
  }),

  topicCase("bytes that are no batch, or not all of one, are refused", {}, async (api, topic) => {
    await api.produce(topic, [{ value: "value" }]);
    const { bytes } = await fetchRaw(api, topic, 0);
    const path = `/topics/${topic}/records?partition=0`;
    for (const body of [bytes.subarray(0, -1), bytes.subarray(0, 20), new TextEncoder().encode("hello")]) {
      await api.refused(400, "corrupt_message", path, raw(new Uint8Array(body)));
    }
    await api.refused(400, "unsupported_version", path, raw(new Uint8Array(61)));
    const trailing = new Uint8Array([...bytes, 0]);
    await api.refused(400, "corrupt_message", path, raw(trailing));
    const none = await api.send(path, raw(new Uint8Array(0)));
    assert.equal(none.status, 400, await none.text());
    assert.deepEqual(await api.highWatermarks(topic), [1]);
  }),

  topicCase("raw batches need a partition that is there, and nothing that is for records", {}, async (api, topic) => {
    await api.produce(topic, [{ value: "value" }]);
    const { bytes } = await fetchRaw(api, topic, 0);
    const path = `/topics/${topic}/records`;
    await api.refused(400, "invalid_request", path, raw(bytes));
    await api.refused(400, "invalid_request", `${path}?partition=x`, raw(bytes));
    await api.refused(400, "invalid_request", `${path}?partition=0&atomic=true`, raw(bytes));
    await api.refused(404, "unknown_topic_or_partition", `${path}?partition=3`, raw(bytes));
    assert.deepEqual(await api.highWatermarks(topic), [1]);
  }),
];
