import assert from "node:assert/strict";
import { limits } from "../../../core/limits.ts";
import { refused } from "../expect.ts";
import { labelsOf, logCase, places, readAll, record, withLog } from "./build.ts";
import type { LogCase } from "./build.ts";

/** Topics: made, listed, changed, grown, deleted, made anew. */
export const topicCases: readonly LogCase[] = [
  {
    name: "a topic is as it was made, also after a reopening",
    async run(harness) {
      const made = await withLog(harness, async ({ topics }) => {
        const topic = await topics.create({
          name: "a.b-C_1",
          partitions: 5,
          partitionsPerShard: 2,
          config: { "retention.ms": 1_000, "cleanup.policy": "compact" },
        });
        assert.equal(topic.name, "a.b-C_1");
        assert.deepEqual([topic.partitions, topic.partitionsPerShard, topic.partitionCounts], [5, 2, [5]]);
        assert.deepEqual(topic.overrides, { "retention.ms": "1000", "cleanup.policy": "compact" });
        assert.equal(topic.config["retention.ms"], "1000");
        assert.equal(topic.config["max.message.bytes"], "1048588");
        assert.ok(topic.id.length > 0);
        assert.deepEqual(await topics.get("a.b-C_1"), topic);
        return topic;
      });
      await withLog(harness, async ({ topics }) => assert.deepEqual(await topics.get("a.b-C_1"), made));
    },
  },
  logCase("without settings a topic has Kafka's defaults", async ({ topics }) => {
    const topic = await topics.create({ name: "t" });
    assert.deepEqual(
      [topic.partitions, topic.partitionsPerShard, topic.overrides],
      [limits.partitionsDefault, limits.partitionsPerShardDefault, {}],
    );
    assert.equal(topic.config["retention.ms"], "604800000");
  }),
  logCase("bad names, counts and configs are refused and make nothing", async ({ topics }) => {
    for (const name of ["", ".", "..", "a b", "a/b", "é", "x".repeat(limits.topicNameLengthMax + 1)]) {
      await refused(topics.create({ name }), "invalid_topic");
      await refused(topics.get(name), "invalid_topic");
    }
    for (const partitions of [0, -1, 1.5, limits.partitionsMax + 1])
      await refused(topics.create({ name: "t", partitions }), "invalid_partitions");
    for (const partitionsPerShard of [0, 17]) await refused(topics.create({ name: "t", partitionsPerShard }), "invalid_partitions");
    for (const config of [{ "no.such": 1 }, { "retention.ms": "soon" }, { "retention.ms": {} }, { "compression.type": "lz4" }]) {
      await refused(topics.create({ name: "t", config }), "invalid_config");
    }
    assert.deepEqual(await topics.list({}), []);
    assert.equal((await topics.create({ name: "x".repeat(limits.topicNameLengthMax) })).name.length, limits.topicNameLengthMax);
  }),
  logCase("a name is taken once, also by 32 at a time", async ({ topics }) => {
    const results = await Promise.allSettled(Array.from({ length: 32 }, (_, i) => topics.create({ name: "t", partitions: 1 + (i % 5) })));
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
    await refused(topics.create({ name: "t" }), "topic_already_exists");
    assert.equal((await topics.list({})).length, 1);
  }),
  logCase("list goes by name, by prefix, page by page", async ({ topics }) => {
    for (const name of ["b", "a", "c", "a.2", "a.10", "A"]) await topics.create({ name });
    const names = async (page: Parameters<typeof topics.list>[0]) => (await topics.list(page)).map((topic) => topic.name);
    assert.deepEqual(await names({}), ["A", "a", "a.10", "a.2", "b", "c"]);
    assert.deepEqual(await names({ prefix: "a" }), ["a", "a.10", "a.2"]);
    assert.deepEqual(await names({ prefix: "a.", after: "a.10" }), ["a.2"]);
    assert.deepEqual(await names({ limit: 2 }), ["A", "a"]);
    assert.deepEqual(await names({ limit: 2, after: "a" }), ["a.10", "a.2"]);
    assert.deepEqual(await names({ after: "c" }), []);
    await refused(topics.list({ limit: 0 }), "invalid_request");
    await refused(topics.list({ limit: limits.listLimitMax + 1 }), "invalid_request");
  }),
  logCase("configs are changed one by one, and null sets one back", async ({ topics }) => {
    await topics.create({ name: "t", config: { "retention.ms": 1, "segment.ms": 2 } });
    const changed = await topics.alter("t", { config: { "retention.ms": null, "retention.bytes": 7 } });
    assert.deepEqual(changed.overrides, { "segment.ms": "2", "retention.bytes": "7" });
    assert.equal(changed.config["retention.ms"], "604800000");
    await refused(topics.alter("t", { config: { "segment.ms": 0 } }), "invalid_config");
    await refused(topics.alter("none", { config: {} }), "unknown_topic_or_partition");
    assert.deepEqual(await topics.get("t"), changed);
  }),
  {
    name: "partitions grow and never shrink, old offsets stay, also after a reopening",
    async run(harness) {
      await withLog(harness, async (log) => {
        await log.topics.create({ name: "t", partitions: 3, partitionsPerShard: 2 });
        await log.append("t", { records: [record("a", { partition: 0 }), record("b", { partition: 2 })] });
        await refused(log.append("t", { records: [record("x", { partition: 3 })] }), "unknown_topic_or_partition");
        await refused(log.topics.alter("t", { partitions: 2 }), "invalid_partitions");
        await refused(log.topics.alter("t", { partitions: limits.partitionsMax + 1 }), "invalid_partitions");
        const grown = await log.topics.alter("t", { partitions: 6 });
        assert.deepEqual([grown.partitions, grown.partitionCounts], [6, [3, 6]]);
        const same = await log.topics.alter("t", { partitions: 6 });
        assert.deepEqual(same.partitionCounts, [3, 6], "the same count is no growth");
        const records = [0, 1, 2, 3, 4, 5].map((partition) => record(`p${partition}`, { partition }));
        assert.deepEqual(places(await log.append("t", { records })), ["0:1", "1:0", "2:1", "3:0", "4:0", "5:0"]);
      });
      await withLog(harness, async (log) => {
        assert.deepEqual((await log.topics.get("t")).partitionCounts, [3, 6]);
        assert.deepEqual(await readAll(log, harness, "t", 0), ["0 a", "1 p0"]);
        assert.deepEqual(await readAll(log, harness, "t", 2), ["0 b", "1 p2"]);
        assert.deepEqual(await readAll(log, harness, "t", 5), ["0 p5"]);
      });
    },
  },
  logCase("16 growths at a time end with the largest that went through, and every partition works", async (log, harness) => {
    await log.topics.create({ name: "t", partitions: 1, partitionsPerShard: 4 });
    const counts = Array.from({ length: 16 }, (_, i) => 2 + i);
    const results = await Promise.allSettled(counts.map((partitions) => log.topics.alter("t", { partitions })));
    const done = counts.filter((_, i) => results[i]?.status === "fulfilled");
    assert.ok(done.length > 0);
    const { partitions, partitionCounts } = await log.topics.get("t");
    assert.equal(partitions, Math.max(...done));
    assert.deepEqual(
      [...partitionCounts].sort((a, b) => a - b),
      partitionCounts,
    );
    const records = Array.from({ length: partitions }, (_, partition) => record(`p${partition}`, { partition }));
    assert.equal(places(await log.append("t", { records })).length, partitions);
    for (let partition = 0; partition < partitions; partition++)
      assert.deepEqual(await labelsOf(log, harness, "t", partition), [`p${partition}`]);
  }),
  {
    name: "a deleted topic is gone, and one made anew under its name is another one and empty",
    async run(harness) {
      const first = await withLog(harness, async (log) => {
        const topic = await log.topics.create({ name: "t", partitions: 6, partitionsPerShard: 2 });
        await log.append("t", { records: [record("old", { partition: 5 })] });
        await log.topics.delete("t");
        await refused(log.topics.get("t"), "unknown_topic_or_partition");
        await refused(log.topics.delete("t"), "unknown_topic_or_partition");
        await refused(log.append("t", { records: [record("x")] }), "unknown_topic_or_partition");
        await refused(log.fetch("t", 5, { from: 0 }), "unknown_topic_or_partition");
        await refused(log.watermarks("t"), "unknown_topic_or_partition");
        assert.deepEqual(await log.topics.list({}), []);
        return topic;
      });
      await withLog(harness, async (log) => {
        await refused(log.topics.get("t"), "unknown_topic_or_partition");
        const second = await log.topics.create({ name: "t", partitions: 1 });
        assert.notEqual(second.id, first.id);
        assert.deepEqual(await labelsOf(log, harness, "t"), []);
        assert.deepEqual(places(await log.append("t", { records: [record("new")] })), ["0:0"]);
        assert.deepEqual(await labelsOf(log, harness, "t"), ["new"]);
      });
    },
  },
  logCase("appends that race a deletion are told the truth", async (log) => {
    await log.topics.create({ name: "t", partitions: 1 });
    const appends = Array.from({ length: 32 }, (_, i) => log.append("t", { records: [record(`${i}`)] }));
    const settled = Promise.allSettled(appends);
    await log.topics.delete("t");
    for (const result of await settled) {
      if (result.status === "rejected") await refused(Promise.reject(result.reason as Error), "unknown_topic_or_partition");
    }
    await refused(log.append("t", { records: [record("late")] }), "unknown_topic_or_partition");
  }),
];
