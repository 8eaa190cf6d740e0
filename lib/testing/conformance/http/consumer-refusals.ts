import assert from "node:assert/strict";
import { limits } from "../../../core/limits.ts";
import { consumerCase, consumerPath, putBody, target } from "./consumer-world.ts";
import { apiCase, freshName, type HttpCase, jsonBody } from "./target.ts";

export const consumerRefusalCases: readonly HttpCase[] = [
  consumerCase("a triggered consumer that is malformed is refused, and none is made", {}, async (api, world) => {
    const { topic, path } = world;
    const good = { topic, target };
    const numbers = [
      "targetTimeoutMs",
      "batchSize",
      "maxBatchingWindowMs",
      "retryAttempts",
      "maxRecordAgeMs",
      "startingPositionTimestampMs",
    ];
    const wrong: readonly unknown[] = [
      "",
      "[]",
      {},
      { topic },
      { target },
      ...numbers.flatMap((name) => [null, "1", 1.5, 1e300, [], {}].map((value) => ({ ...good, [name]: value }))),
      ...["topic", "target", "startingPosition", "onFailure"].flatMap((name) => [null, 1, []].map((value) => ({ ...good, [name]: value }))),
      ...["filters", "outputTopics"].flatMap((name) => [null, "x", {}, [1], [null], [["x"]]].map((value) => ({ ...good, [name]: value }))),
      ...["enabled", "bisectBatchOnError", "reportBatchItemFailures"].flatMap((name) =>
        [null, 0, "true"].map((value) => ({ ...good, [name]: value })),
      ),
      { ...good, group: world.group },
      { ...good, version: 1 },
      { ...good, functionName: "f" },
      `{"topic":"${topic}","topic":"${topic}","target":"${target}"}`,
      `{"topic":"${topic}","target":"${target}","__proto__":{"enabled":false}}`,
    ];
    for (const body of wrong) await api.refused(400, "invalid_request", path, putBody(body));
    const text = { ...world.body(), headers: { "content-type": "text/plain" } };
    await api.refused(415, "unsupported_media_type", path, text);
    await api.refused(400, "invalid_request", `${path}?enabled=true`, world.body());
    await api.refused(404, "group_id_not_found", path);
  }),

  consumerCase("a triggered consumer's settings are within their bounds", {}, async (api, world) => {
    const wrong: readonly object[] = [
      ...["", "f", "local:handler", "https://example.com/", `${target} `, "arn:aws:lambda:us-east-1:1:function:f"].map((bad) => ({
        target: bad,
      })),
      ...[0, limits.functionTimeoutMsMax + 1].map((targetTimeoutMs) => ({ targetTimeoutMs })),
      ...[0, -1, 10_001].map((batchSize) => ({ batchSize })),
      ...[-1, 300_001].map((maxBatchingWindowMs) => ({ maxBatchingWindowMs })),
      ...[-2, 10_001].map((retryAttempts) => ({ retryAttempts })),
      ...[-2, 0, 59_999, 604_800_001].map((maxRecordAgeMs) => ({ maxRecordAgeMs })),
      ...["", "latest", "TRIM"].map((startingPosition) => ({ startingPosition })),
      { startingPosition: "AT_TIMESTAMP" },
      { startingPosition: "AT_TIMESTAMP", startingPositionTimestampMs: -1 },
      ...["", "queue", "arn:aws:lambda:us-east-1:000000000000:function:f", "https://example.com/"].map((onFailure) => ({ onFailure })),
      ...["", "{", "[]", "1", '{"value":1}', '{"values":["x"]}'].map((filter) => ({ filters: [filter] })),
      { filters: Array(100).fill('{"key":["x"]}') },
      { outputTopics: Array.from({ length: 11 }, (_, nth) => `t${nth}`) },
    ];
    for (const more of wrong) await api.refused(400, "invalid_config", world.path, world.body(more));
    for (const name of ["", "..", "a b", "x".repeat(250)]) {
      await api.refused(400, "invalid_topic", world.path, world.body({ topic: name }));
      await api.refused(400, "invalid_topic", world.path, world.body({ outputTopics: [name] }));
      await api.refused(400, "invalid_topic", world.path, world.body({ onFailure: `kafka://${name}` }));
    }
    await api.refused(404, "unknown_topic_or_partition", world.path, world.body({ topic: `${world.topic}-not` }));
    await api.refused(404, "group_id_not_found", world.path);
    await api.refused(404, "group_id_not_found", `/groups/${world.group}`);
  }),

  consumerCase("a pause, a redrive or an id that is malformed is refused, and changes nothing", {}, async (api, world) => {
    const made = await world.put();
    const { path, topic } = world;
    const patch = (body: unknown) => ({ ...jsonBody(body), method: "PATCH" });
    for (const body of ["", "[]", {}, { enabled: null }, { enabled: "true" }, { enabled: 1 }, { enabled: true, batchSize: 1 }]) {
      await api.refused(400, "invalid_request", path, patch(body));
    }
    const id = `${topic}/00000/0000000000000000000`;
    const ids = [
      null,
      1,
      "",
      "x",
      topic,
      `${topic}/0/0`,
      `${id}0`,
      `/${id}`,
      `a b/00000/${"0".repeat(19)}`,
      `${"x".repeat(250)}${id.slice(topic.length)}`,
    ];
    for (const bad of ["", "[]", { all: true }, ...[null, {}, [], id, ...ids.map((wrong) => [wrong])].map((wrong) => ({ ids: wrong }))]) {
      await api.refused(400, "invalid_request", `${path}/redrive`, jsonBody(bad));
    }
    await api.refused(415, "unsupported_media_type", `${path}/redrive`, { method: "POST" });
    const letters = `${path}/dead-letters`;
    for (const query of ["", "?id=", "?id=x", `?id=${id}&id=${id}`, `?ids=${id}`]) {
      await api.refused(400, "invalid_request", `${letters}${query}`, { method: "DELETE" });
    }
    for (const query of ["limit=0", "limit=1001", `cursor=${"x".repeat(300)}`, "prefix=x", "id=x"]) {
      await api.refused(400, "invalid_request", `${letters}?${query}`);
    }
    assert.deepEqual(await world.get(), made);
  }),

  apiCase("what is not there of triggered consumers is told, and ids and queries that are wrong too", async (api) => {
    const path = consumerPath(freshName());
    const patch = { ...jsonBody({ enabled: true }), method: "PATCH" };
    const id = `t/00000/${"0".repeat(19)}`;
    const asked = (at: string) =>
      [
        [at, {}],
        [`${at}/status`, {}],
        [`${at}/dead-letters`, {}],
        [at, patch],
        [at, { method: "DELETE" }],
        [`${at}/redrive`, jsonBody({})],
        [`${at}/redrive`, jsonBody({ ids: [id] })],
        [`${at}/dead-letters?id=${id}`, { method: "DELETE" }],
      ] as const;
    for (const [at, sent] of asked(path)) await api.refused(404, "group_id_not_found", at, sent);
    for (const bad of ["a\nb", "\u0000", "\u007f", "x".repeat(250)]) {
      const own = consumerPath(bad);
      for (const [at, sent] of asked(own)) await api.refused(400, "invalid_group_id", at, sent);
      await api.refused(400, "invalid_group_id", own, putBody({ topic: "t", target }));
    }
    for (const query of ["limit=0", "limit=1001", `prefix=${"x".repeat(250)}`, `cursor=${"x".repeat(250)}`, "state=Enabled"]) {
      await api.refused(400, "invalid_request", `/consumers?${query}`);
    }
    for (const none of ["/consumers/", `${path}/`, `${path}/status/0`, `${path}/dead-letters/${id}`, `${path}/nope`]) {
      await api.refused(404, "not_found", none);
    }
    for (const [at, method] of [
      ["/consumers", "POST"],
      [path, "POST"],
      [`${path}/status`, "PUT"],
      [`${path}/dead-letters`, "POST"],
      [`${path}/redrive`, "PUT"],
    ] as const)
      await api.refused(405, "method_not_allowed", at, { ...jsonBody({}), method });
    await api.refused(405, "method_not_allowed", `${path}/redrive`);
  }),
];
