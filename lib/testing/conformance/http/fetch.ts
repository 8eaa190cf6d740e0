import assert from "node:assert/strict";
import type { FetchAnswer, OffsetsAnswer, WireRecord } from "../../../http/wire.ts";
import { type Api, type HttpCase, topicCase } from "./target.ts";

const valuesOf = (answer: FetchAnswer): readonly unknown[] => answer.records.map((record: WireRecord) => record.value);

/** Five records in three batches, a second apart. */
const startMs = Date.UTC(2026, 0, 31, 8);
async function fill(api: Api, topic: string): Promise<void> {
  const record = (nth: number) => ({ value: String(nth), timestamp: startMs + nth * 1_000 });
  await api.produce(topic, [record(0), record(1)]);
  await api.produce(topic, [record(2)]);
  await api.produce(topic, [record(3), record(4)]);
}

export const fetchCases: readonly HttpCase[] = [
  topicCase("records below an offset are deleted, for good, and offsets stay", { partitions: 2 }, async (api, name) => {
    await api.produce(
      name,
      ["a", "b", "c"].map((value) => ({ value, partition: 1 })),
    );
    const path = `/topics/${name}/partitions/1/records`;
    const trim = (before: string) => api.send(`${path}?before=${before}`, { method: "DELETE" });
    const first = await trim("2");
    assert.equal(first.status, 200);
    assert.deepEqual(await first.json(), { partition: 1, logStartOffset: 2, highWatermark: 3 });
    await api.refused(416, "offset_out_of_range", `${path}?offset=1`);
    const left = await api.json<FetchAnswer>(`${path}?offset=earliest`);
    assert.deepEqual([left.records.map(({ value }) => value), left.logStartOffset], [["c"], 2]);
    assert.deepEqual(await (await trim("0")).json(), { partition: 1, logStartOffset: 2, highWatermark: 3 }, "never back");
    await api.refused(416, "offset_out_of_range", `${path}?before=4`, { method: "DELETE" });
    for (const bad of ["", "?before=", "?before=-1", "?before=1.5", "?before=earliest"])
      await api.refused(400, "invalid_request", path + bad, { method: "DELETE" });
    assert.deepEqual(await (await trim("latest")).json(), { partition: 1, logStartOffset: 3, highWatermark: 3 });
    assert.deepEqual(await api.highWatermarks(name), [0, 3]);
  }),

  topicCase("an empty partition is read as such", {}, async (api, topic) => {
    assert.deepEqual(await api.read(topic), { records: [], nextOffset: 0, highWatermark: 0, logStartOffset: 0 });
  }),

  topicCase("reading starts at an offset, the earliest, the latest or a time", {}, async (api, topic) => {
    await fill(api, topic);
    const starts: Readonly<Record<string, number>> = {
      "": 0,
      "?offset=earliest": 0,
      "?offset=0": 0,
      "?offset=1": 1,
      "?offset=4": 4,
      "?offset=5": 5,
      "?offset=latest": 5,
      [`?offset=@${startMs}`]: 0,
      [`?offset=@${startMs + 1}`]: 1,
      [`?offset=@${startMs + 4_001}`]: 5,
      "?offset=@2026-01-31T08:00:02Z": 2,
      "?offset=@2026-01-31T10:00:02.500%2B02:00": 3,
      "?offset=@2026-01-31T10:00:02.500+02:00": 3,
      "?offset=@2026-01-31": 0,
    };
    for (const [query, start] of Object.entries(starts)) {
      const answer = await api.read(topic, query);
      assert.deepEqual(valuesOf(answer), ["0", "1", "2", "3", "4"].slice(start), query);
      assert.equal(answer.nextOffset, 5, query);
      assert.equal(answer.highWatermark, 5, query);
    }
  }),

  topicCase("limit ends a page, and nextOffset goes on where it ended", {}, async (api, topic) => {
    await fill(api, topic);
    const seen: unknown[] = [];
    let next = 0;
    for (let page = 0; page < 5; page++) {
      const answer = await api.read(topic, `?offset=${next}&limit=1`);
      assert.equal(answer.records.length, 1);
      assert.equal(answer.records[0]?.offset, next);
      seen.push(...valuesOf(answer));
      next = answer.nextOffset;
    }
    assert.deepEqual(seen, ["0", "1", "2", "3", "4"]);
    assert.deepEqual(valuesOf(await api.read(topic, "?offset=1&limit=2")), ["1", "2"]);
  }),

  topicCase("maxBytes ends a page, but a batch is given whole", {}, async (api, topic) => {
    await fill(api, topic);
    const seen: unknown[] = [];
    for (let next = 0; next < 5; ) {
      const answer = await api.read(topic, `?offset=${next}&maxBytes=1`);
      assert.ok(answer.nextOffset > next);
      seen.push(...valuesOf(answer));
      next = answer.nextOffset;
    }
    assert.deepEqual(seen, ["0", "1", "2", "3", "4"]);
  }),

  topicCase("an offset that is not there is out of range", {}, async (api, topic) => {
    await fill(api, topic);
    const error = await api.refused(416, "offset_out_of_range", `/topics/${topic}/partitions/0/records?offset=6`);
    assert.equal(error["highWatermark"], 5);
  }),

  topicCase("what a read is asked with is checked", {}, async (api, topic) => {
    const bad = ["-1", "1.5", "x", "", "@", "@x", "@2026-13-01", "@2026-02-30", "@2026-01-31T08:00:00", "9007199254740993", "1e3"];
    const queries = [
      ...bad.map((offset) => `offset=${offset}`),
      ...[
        "limit=0",
        "limit=10001",
        "limit=",
        "maxBytes=0",
        "maxBytes=16777217",
        "wait=-1",
        "wait=30001",
        "wait=1s",
        "format=xml",
        "from=0",
        "limit=1&limit=1",
      ],
    ];
    for (const query of queries) await api.refused(400, "invalid_request", `/topics/${topic}/partitions/0/records?${query}`);
  }),

  topicCase("a partition that is not there is told", {}, async (api, topic) => {
    await api.refused(404, "unknown_topic_or_partition", `/topics/${topic}/partitions/1/records`);
    await api.refused(404, "unknown_topic_or_partition", `/topics/${topic}-none/partitions/0/records`);
    for (const partition of ["x", "-1", "1.0", "99999999999"]) {
      await api.refused(400, "invalid_request", `/topics/${topic}/partitions/${partition}/records`);
    }
  }),

  topicCase("a long poll answers as soon as there is a record", {}, async (api, topic) => {
    const [answer] = await Promise.all([api.read(topic, "?offset=0&wait=30000"), appendSoon(api, topic)]);
    assert.deepEqual(valuesOf(answer), ["late"]);
  }),

  topicCase("a long poll without a record is an empty page", {}, async (api, topic) => {
    assert.deepEqual(await api.read(topic, "?wait=5"), { records: [], nextOffset: 0, highWatermark: 0, logStartOffset: 0 });
  }),

  topicCase("a client may leave a long poll", {}, async (api, topic) => {
    const leave = new AbortController();
    const poll = api.send(`/topics/${topic}/partitions/0/records?wait=30000`, { signal: leave.signal });
    leave.abort();
    await assert.rejects(poll);
    assert.deepEqual(await api.highWatermarks(topic), [0]);
  }),

  topicCase("format says how bytes are written", {}, async (api, topic) => {
    const records = [
      { key: "k", value: { a: 1 } },
      { value: "not json" },
      { valueBase64: "/w==" },
      { value: "1.0" },
      { key: "k", value: null },
    ];
    await api.produce(topic, records);
    const contents = async (format: string) =>
      (await api.read(topic, `?format=${format}`)).records.map(({ value, valueBase64 }) => value ?? valueBase64 ?? null);
    assert.deepEqual(await contents("text"), ['{"a":1}', "not json", "/w==", "1.0", null]);
    assert.deepEqual(await contents("json"), [{ a: 1 }, "not json", "/w==", 1, null]);
    assert.deepEqual(await contents("base64"), ["eyJhIjoxfQ==", "bm90IGpzb24=", "/w==", "MS4w", null]);
    const text = await (await api.send(`/topics/${topic}/partitions/0/records?format=json`)).text();
    assert.match(text, /"value":1\.0[,}]/, "JSON values stay as they were, to the digit");
  }),

  topicCase("offsets are found by time", { partitions: 2 }, async (api, topic) => {
    await fill(api, topic);
    await api.produce(topic, [{ value: "p", partition: 0, timestamp: startMs + 60_000 }]);
    const find = async (timestamp: string | number) =>
      (await api.json<OffsetsAnswer>(`/topics/${topic}/offsets?timestamp=${timestamp}`)).offsets;
    const marks = await api.highWatermarks(topic);
    assert.deepEqual(
      await find("latest"),
      [0, 1].map((partition) => ({ partition, offset: marks[partition], timestamp: null })),
    );
    assert.deepEqual(
      await find("earliest"),
      [0, 1].map((partition) => ({ partition, offset: 0, timestamp: null })),
    );
    assert.deepEqual((await find(startMs + 59_000))[0], { partition: 0, offset: (marks[0] ?? 0) - 1, timestamp: startMs + 60_000 });
    assert.deepEqual(
      (await find("2027-01-01T00:00:00Z")).map((found) => found.offset),
      [null, null],
    );
    for (const timestamp of ["x", "-5", "2026-01-31T08:00:00"]) {
      await api.refused(400, "invalid_request", `/topics/${topic}/offsets?timestamp=${timestamp}`);
    }
    await api.refused(404, "unknown_topic_or_partition", `/topics/${topic}-none/offsets`);
  }),
];

/** Appends once the poll is likely to wait: a poll that starts later finds the record at once, which the case also takes. */
async function appendSoon(api: Api, topic: string): Promise<void> {
  await api.highWatermarks(topic);
  await api.produce(topic, [{ value: "late" }]);
}
