import assert from "node:assert/strict";
import type { TopicBody, TopicDetailBody, TopicListBody } from "../../../http/wire.ts";
import { apiCase, freshName, type HttpCase, jsonBody, topicCase } from "./target.ts";

export const topicCases: readonly HttpCase[] = [
  topicCase(
    "a topic is described with its configs and its partitions' offsets",
    { partitions: 3, config: { "retention.ms": 60_000 } },
    async (api, name) => {
      const topic = await api.json<TopicDetailBody>(`/topics/${name}`);
      assert.equal(topic.name, name);
      assert.equal(topic.partitions, 3);
      assert.equal(topic.config["retention.ms"], "60000");
      assert.equal(topic.config["cleanup.policy"], "delete", "a config that was not set has Kafka's default");
      assert.deepEqual(topic.overrides, ["retention.ms"]);
      assert.deepEqual(
        topic.partitionDetails,
        [0, 1, 2].map((partition) => ({ partition, logStartOffset: 0, highWatermark: 0 })),
      );
    },
  ),

  topicCase("making a topic answers 201 with its place, and one partition by default", {}, async (api) => {
    const name = freshName();
    const response = await api.send("/topics", jsonBody({ name }));
    assert.equal(response.status, 201);
    assert.equal(response.headers.get("location"), `/v1/topics/${name}`);
    const topic = (await response.json()) as TopicBody;
    assert.equal(topic.partitions, 1);
    assert.deepEqual(topic.overrides, []);
    const gone = await api.send(`/topics/${name}`, { method: "DELETE" });
    assert.equal(gone.status, 204);
    assert.equal(await gone.text(), "");
  }),

  topicCase("a name is taken once", {}, async (api, name) => {
    await api.refused(409, "topic_already_exists", "/topics", jsonBody({ name }));
  }),

  topicCase("a deleted topic is gone, and its name can be used by another topic", {}, async (api, name) => {
    const before = await api.json<TopicBody>(`/topics/${name}`);
    await api.produce(name, [{ value: "old" }]);
    assert.equal((await api.send(`/topics/${name}`, { method: "DELETE" })).status, 204);
    await api.refused(404, "unknown_topic_or_partition", `/topics/${name}`);
    await api.refused(404, "unknown_topic_or_partition", `/topics/${name}`, { method: "DELETE" });
    await api.refused(404, "unknown_topic_or_partition", `/topics/${name}/partitions/0/records`);
    const after = await api.post<TopicBody>("/topics", { name }, 201);
    assert.notEqual(after.id, before.id);
    assert.deepEqual(await api.highWatermarks(name), [0]);
  }),

  topicCase("topics are listed by name, by prefix and page by page", {}, async (api, first) => {
    const names = ["a", "b", "c"].map((suffix) => `${first}-${suffix}`);
    for (const name of names) await api.post("/topics", { name }, 201);
    const whole = await api.json<TopicListBody>(`/topics?prefix=${first}`);
    assert.deepEqual(
      whole.topics.map((topic) => topic.name),
      [first, ...names],
    );
    assert.equal(whole.nextCursor, undefined);
    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const page: TopicListBody = await api.json(`/topics?prefix=${first}&limit=2${cursor === undefined ? "" : `&cursor=${cursor}`}`);
      assert.ok(page.topics.length <= 2);
      paged.push(...page.topics.map((topic) => topic.name));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    assert.deepEqual(paged, [first, ...names]);
    for (const name of names) await api.send(`/topics/${name}`, { method: "DELETE" });
  }),

  topicCase("partitions grow, and the records stay where they are", { partitions: 2 }, async (api, name) => {
    await api.produce(name, [{ value: "stays", partition: 1 }]);
    const topic = await api.json<TopicBody>(`/topics/${name}`, { ...jsonBody({ partitions: 6 }), method: "PATCH" });
    assert.equal(topic.partitions, 6);
    assert.deepEqual(await api.highWatermarks(name), [0, 1, 0, 0, 0, 0]);
    const answer = await api.produce(name, [{ value: "new", partition: 5 }]);
    assert.deepEqual(answer.offsets, [{ partition: 5, offset: 0 }]);
    assert.equal((await api.read(name, "", 1)).records[0]?.value, "stays");
  }),

  topicCase("partitions never shrink", { partitions: 3 }, async (api, name) => {
    await api.refused(400, "invalid_partitions", `/topics/${name}`, { ...jsonBody({ partitions: 2 }), method: "PATCH" });
    assert.equal((await api.highWatermarks(name)).length, 3);
  }),

  topicCase("configs change one by one, and null sets one back", { config: { "retention.ms": 1_000 } }, async (api, name) => {
    const patch = (config: unknown) => api.json<TopicBody>(`/topics/${name}`, { ...jsonBody({ config }), method: "PATCH" });
    const both = await patch({ "cleanup.policy": "compact" });
    assert.equal(both.config["retention.ms"], "1000");
    assert.equal(both.config["cleanup.policy"], "compact");
    const reset = await patch({ "retention.ms": null });
    assert.equal(reset.config["retention.ms"], "604800000");
    assert.deepEqual(reset.overrides, ["cleanup.policy"]);
  }),

  topicCase("a bad config changes nothing", {}, async (api, name) => {
    for (const config of [{ "no.such.config": "1" }, { "retention.ms": "soon" }, { "cleanup.policy": "shred" }, { "retention.ms": [1] }]) {
      await api.refused(400, "invalid_config", `/topics/${name}`, { ...jsonBody({ config }), method: "PATCH" });
    }
    assert.deepEqual((await api.json<TopicBody>(`/topics/${name}`)).overrides, []);
  }),

  apiCase("bad names are refused", async (api) => {
    for (const name of ["", ".", "..", "a b", "a/b", "ü", "x".repeat(250), "a\n"]) {
      await api.refused(400, "invalid_topic", "/topics", jsonBody({ name }));
    }
  }),

  apiCase("bad names in a path are refused, escaped or not", async (api) => {
    for (const name of ["a b", "ü", "a\n", "x".repeat(250)]) {
      await api.refused(400, "invalid_topic", `/topics/${encodeURIComponent(name)}`);
    }
  }),

  apiCase("an escaped slash is part of a name, and broken escapes are refused", async (api) => {
    await api.refused(400, "invalid_topic", `/topics/${encodeURIComponent("a/b")}`);
    await api.refused(400, "invalid_request", "/topics/%ff");
  }),

  apiCase("bad partition counts are refused", async (api) => {
    for (const partitions of [0, -1, 10_001])
      await api.refused(400, "invalid_partitions", "/topics", jsonBody({ name: freshName(), partitions }));
    for (const partitions of [1.5, "3", null, true, []]) {
      await api.refused(400, "invalid_request", "/topics", jsonBody({ name: freshName(), partitions }));
    }
    await api.refused(400, "invalid_partitions", "/topics", jsonBody({ name: freshName(), partitionsPerShard: 17 }));
  }),

  apiCase("bodies that are no topic are refused", async (api) => {
    const bodies = ["", "{", "[]", "null", '"x"', "{}", '{"name":1}', '{"name":"x","nme":1}', '{"name":"x","name":"y"}', '{"name":"x"} x'];
    for (const body of bodies) await api.refused(400, "invalid_request", "/topics", jsonBody(body));
    for (const config of ["[]", "1", "null", '{"retention.ms":"1","retention.ms":"2"}']) {
      await api.refused(400, "invalid_request", "/topics", jsonBody(`{"name":"${freshName()}","config":${config}}`));
    }
  }),

  apiCase("what a page is asked with is checked", async (api) => {
    for (const query of ["limit=0", "limit=1001", "limit=x", "limit=1&limit=2", "colour=red", `cursor=${"x".repeat(250)}`]) {
      await api.refused(400, "invalid_request", `/topics?${query}`);
    }
  }),

  apiCase("a query with broken percent-encoding is refused", async (api) => {
    await api.refused(400, "invalid_request", "/topics?prefix=%zz");
  }),
];
