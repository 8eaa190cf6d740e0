import assert from "node:assert/strict";
import { mediaTypes } from "../../../http/wire.ts";
import { type Api, type HttpCase, jsonBody, topicCase } from "./target.ts";

const producer = (sequence: number, epoch = 0, id = "4711"): Readonly<Record<string, string>> => ({
  "producer-id": id,
  "producer-epoch": String(epoch),
  "producer-seq": String(sequence),
});

const values = (...texts: readonly string[]): readonly { readonly value: string }[] => texts.map((value) => ({ value }));

function refusedWith(api: Api, topic: string, status: 400 | 409, headers: Readonly<Record<string, string>>, texts = ["x"]) {
  const sent = jsonBody({ records: values(...texts) });
  const code = status === 400 ? "invalid_request" : undefined;
  return api
    .json<{ readonly error: { readonly code: string } }>(
      `/topics/${topic}/records`,
      { ...sent, headers: { ...sent.headers, ...headers } },
      status,
    )
    .then(({ error }) => {
      if (code !== undefined) assert.equal(error.code, code);
      return error.code;
    });
}

export const idempotenceCases: readonly HttpCase[] = [
  topicCase("a retry of the newest request gets its first answer", { partitions: 3 }, async (api, topic) => {
    const first = await api.produce(topic, values("a", "b"), "", producer(0));
    const again = await api.produce(topic, values("a", "b"), "", producer(0));
    assert.deepEqual(again, first);
    assert.equal(
      (await api.highWatermarks(topic)).reduce((sum, offset) => sum + offset, 0),
      2,
    );
  }),

  topicCase("a retry of an older request gets its first answer", { partitions: 3 }, async (api, topic) => {
    const answers = [];
    for (const sequence of [0, 1, 2, 3]) answers.push(await api.produce(topic, values(`v${sequence}`), "", producer(sequence)));
    for (const sequence of [1, 0, 2]) {
      assert.deepEqual(await api.produce(topic, values(`v${sequence}`), "", producer(sequence)), answers[sequence]);
    }
    assert.equal(
      (await api.highWatermarks(topic)).reduce((sum, offset) => sum + offset, 0),
      4,
    );
  }),

  topicCase("a sequence cannot be used again for other records", {}, async (api, topic) => {
    await api.produce(topic, values("a"), "", producer(0));
    assert.equal(await refusedWith(api, topic, 409, producer(0), ["b"]), "sequence_reused");
    assert.deepEqual(await api.highWatermarks(topic), [1]);
  }),

  topicCase("an older epoch is fenced", {}, async (api, topic) => {
    await api.produce(topic, values("a"), "", producer(0, 1));
    await api.produce(topic, values("b"), "", producer(0, 2));
    assert.equal(await refusedWith(api, topic, 409, producer(1, 1)), "producer_fenced");
    assert.deepEqual(await api.highWatermarks(topic), [2]);
  }),

  topicCase("a retry over several shards is completed, never repeated", { partitions: 4, partitionsPerShard: 1 }, async (api, topic) => {
    const records = [0, 1, 2, 3].map((partition) => ({ value: `v${partition}`, partition }));
    const first = await api.produce(topic, records, "", producer(5));
    assert.deepEqual(await api.produce(topic, records, "", producer(5)), first);
    assert.deepEqual(await api.highWatermarks(topic), [1, 1, 1, 1]);
  }),

  topicCase("concurrent retries are in the log once", {}, async (api, topic) => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => api.produce(topic, values("a", "b"), "", producer(0))));
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    assert.deepEqual(await api.highWatermarks(topic), [2]);
  }),

  topicCase("the largest producer id, epoch and sequence are taken", {}, async (api, topic) => {
    const most = producer(0x7fffffff, 0x7fff, "9223372036854775807");
    assert.deepEqual((await api.produce(topic, values("a"), "", most)).offsets, [{ partition: 0, offset: 0 }]);
  }),

  topicCase("a bad producer changes nothing", {}, async (api, topic) => {
    const bad: readonly Readonly<Record<string, string>>[] = [
      { "producer-seq": "0" },
      { "producer-id": "1" },
      { "producer-epoch": "1" },
      producer(0, 0, "-1"),
      producer(0, 0, "9223372036854775808"),
      producer(0, 0, "abc"),
      producer(0, 32_768),
      producer(2_147_483_648),
      producer(-1),
      producer(0.5),
    ];
    for (const headers of bad) await refusedWith(api, topic, 400, headers);
    assert.deepEqual(await api.highWatermarks(topic), [0]);
  }),

  topicCase(
    "an NDJSON request with a producer is one request, and its retry gets the first answer",
    { partitions: 3 },
    async (api, topic) => {
      const sent = {
        method: "POST",
        body: '{"value":"a"}\n{"value":"b"}\n',
        headers: { "content-type": mediaTypes.ndjson, ...producer(0) },
      };
      const first = await api.json(`/topics/${topic}/records`, sent);
      assert.deepEqual(await api.json(`/topics/${topic}/records`, sent), first);
      assert.equal(
        (await api.highWatermarks(topic)).reduce((sum, offset) => sum + offset, 0),
        2,
      );
    },
  ),
];
