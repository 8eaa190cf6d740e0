import assert from "node:assert/strict";
import { limits } from "../../../core/limits.ts";
import type { ConsumerListBody, DeadLetterListBody, PutConsumerBody, RedriveAnswer } from "../../../http/consumer-wire.ts";
import type { GroupDetailBody, GroupOffsetsBody } from "../../../http/group-wire.ts";
import { consumerRefusalCases } from "./consumer-refusals.ts";
import { consumerCase, consumerPath, target } from "./consumer-world.ts";
import { expectEmpty, groupPath, memberPath } from "./group-member.ts";
import { freshName, type HttpCase, jsonBody } from "./target.ts";

/** What holds where nothing is said. */
const defaults = {
  targetTimeoutMs: limits.functionTimeoutMsMax,
  startingPosition: "LATEST",
  batchSize: 100,
  maxBatchingWindowMs: 0,
  filters: [],
  retryAttempts: -1,
  maxRecordAgeMs: -1,
  bisectBatchOnError: false,
  reportBatchItemFailures: false,
  outputTopics: [],
  enabled: true,
} as const;

const lifeCases: readonly HttpCase[] = [
  consumerCase("a triggered consumer is made, told with all its settings, changed and deleted", {}, async (api, world) => {
    const { group, topic, path } = world;
    const made = await api.send(path, world.body());
    assert.deepEqual([made.status, made.headers.get("location")], [201, `/v1${path}`]);
    const { createdMs, ...settings } = (await made.json()) as { createdMs: number };
    assert.deepEqual(settings, { group, topic, target, ...defaults, version: 1 });
    // The server's clock may be another one's.
    assert.ok(Math.abs(createdMs - Date.now()) < 3_600_000);
    assert.deepEqual(await world.get(), { ...settings, createdMs });

    const changed = await world.put({ batchSize: 7 }, 200);
    assert.deepEqual(changed, { ...settings, createdMs, batchSize: 7, version: 2 });
    assert.deepEqual(await world.get(), changed);
    assert.deepEqual(await world.put({ retryAttempts: 3 }, 200), { ...settings, createdMs, retryAttempts: 3, version: 3 });

    await expectEmpty(await api.send(path, { method: "DELETE" }));
    for (const gone of [path, `${path}/status`, `${path}/dead-letters`]) await api.refused(404, "group_id_not_found", gone);
    assert.equal((await api.json<GroupDetailBody>(groupPath(group))).state, "Empty", "its group stays, with its offsets");
    assert.equal((await world.put()).version, 1);
  }),

  consumerCase("each setting of a triggered consumer is kept as it was sent", { partitions: 2 }, async (api, world) => {
    const givenUp = `${world.topic}.given-up`;
    await api.json("/topics", jsonBody({ name: givenUp }), 201);
    const all: Partial<PutConsumerBody> = {
      targetTimeoutMs: 1,
      startingPosition: "AT_TIMESTAMP",
      startingPositionTimestampMs: 1_700_000_000_000,
      batchSize: 10_000,
      maxBatchingWindowMs: 300_000,
      filters: ['{"value":{"kind":["paid",{"prefix":"re"}]}}', '{"key":[{"exists":false}]}'],
      retryAttempts: 10_000,
      maxRecordAgeMs: 604_800_000,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      onFailure: `kafka://${givenUp}`,
      outputTopics: [world.topic],
      enabled: false,
    };
    const { createdMs, ...made } = await world.put(all);
    assert.deepEqual(made, { group: world.group, topic: world.topic, target, ...all, version: 1 });
    const other = { target: `${target}:live`, onFailure: "arn:aws:sqs:us-east-1:000000000000:given-up", maxRecordAgeMs: 60_000 } as const;
    assert.deepEqual(await world.put(other, 200), { ...defaults, ...other, group: world.group, topic: world.topic, createdMs, version: 2 });
    await expectEmpty(await api.send(`/topics/${givenUp}`, { method: "DELETE" }));
  }),

  consumerCase("a triggered consumer is paused and goes on", {}, async (_, world) => {
    const made = await world.put();
    const paused = { ...made, enabled: false, version: 2 };
    assert.deepEqual(await world.alter({ enabled: false }), paused);
    assert.equal((await world.status()).state, "Disabled");
    assert.deepEqual(await world.alter({ enabled: false }), paused, "what it is already changes nothing");
    assert.deepEqual(await world.alter({ enabled: true }), { ...made, version: 3 });
    assert.equal((await world.status()).state, "Enabled");
  }),

  consumerCase("triggered consumers are listed by group, by prefix and page by page", {}, async (api, world) => {
    const names = ["a", "b", "c"].map((suffix) => `${world.group}-${suffix}`);
    const made = [];
    for (const name of names) made.push({ ...(await world.put({}, 201, name)), state: "Enabled" });
    const list = (query: string): Promise<ConsumerListBody> => api.json(`/consumers?prefix=${world.group}${query}`);
    assert.deepEqual(await list(""), { consumers: made });
    const first = await list("&limit=2");
    assert.deepEqual(first, { consumers: made.slice(0, 2), nextCursor: names[1] });
    assert.deepEqual(await list(`&limit=2&cursor=${first.nextCursor ?? ""}`), { consumers: made.slice(2) });
    assert.deepEqual(await list("-x"), { consumers: [] });
  }),

  consumerCase("a triggered consumer's group may be in any script, and with spaces", {}, async (api, world) => {
    for (const special of ["a space", "ümläut", "🦊", "&=+;:@"]) {
      const group = `${world.group} ${special}`;
      const made = await world.put({}, 201, group);
      assert.equal(made.group, group);
      assert.deepEqual(await world.get(group), made);
      assert.deepEqual(await api.json(`/consumers?prefix=${encodeURIComponent(group)}`), { consumers: [{ ...made, state: "Enabled" }] });
      assert.deepEqual(await api.json(`${consumerPath(group)}/dead-letters`), { deadLetters: [] });
    }
  }),
];

/** What a partition's status says where nothing was delivered. */
const untouched = { leased: false, attempts: 0, retryAtMs: null, invocations: 0, lastError: "", lastErrorMs: null } as const;

const stateCases: readonly HttpCase[] = [
  consumerCase("where a triggered consumer begins is said when it is made", { partitions: 2 }, async (api, world) => {
    const at = (timestamp: number) => ({ partition: 0, value: "x", timestamp });
    await api.produce(world.topic, [at(1_000), at(2_000), at(3_000)]);
    const { group, topic } = world;
    const partition = async (number: number) => (await world.status()).partitions[number];
    await world.put({ enabled: false, startingPosition: "TRIM_HORIZON" });
    const none = { partition: 1, offset: null, highWatermark: 0, lag: 0, oldestTimestampMs: null, ...untouched };
    assert.deepEqual(await world.status(), {
      group,
      topic,
      state: "Disabled",
      lag: 3,
      deadLetters: 0,
      partitions: [{ partition: 0, offset: null, highWatermark: 3, lag: 3, oldestTimestampMs: 1_000, ...untouched }, none],
    });
    for (const [start, offset] of [
      [{ startingPosition: "LATEST" }, 3],
      [{ startingPosition: "AT_TIMESTAMP", startingPositionTimestampMs: 1_500 }, 1],
    ] as const) {
      await world.clear();
      await world.put({ enabled: false, ...start });
      const found = await partition(0);
      assert.deepEqual(
        [found?.offset, found?.lag, found?.oldestTimestampMs],
        [offset, 3 - offset, offset === 3 ? null : 2_000],
        start.startingPosition,
      );
      const { offsets } = await api.json<GroupOffsetsBody>(`${groupPath(group)}/offsets`);
      assert.equal(offsets.find(({ partition }) => partition === 0)?.offset, offset, "its group has the same offset");
    }
    assert.equal((await world.put({ enabled: false, startingPosition: "TRIM_HORIZON" }, 200)).version, 2);
    assert.equal((await partition(0))?.offset, 1, "where it has come to stays when it is changed");
  }),

  consumerCase("of a topic that is gone, a triggered consumer has no partitions", {}, async (api, world) => {
    await world.put({ enabled: false });
    await expectEmpty(await api.send(`/topics/${world.topic}`, { method: "DELETE" }));
    const { partitions, lag } = await world.status();
    assert.deepEqual([partitions, lag], [[], 0]);
    await api.refused(404, "unknown_topic_or_partition", world.path, world.body());
  }),

  consumerCase("a triggered consumer that has given up nothing has no dead letters", {}, async (api, world) => {
    await world.put();
    const letters = `${world.path}/dead-letters`;
    assert.deepEqual(await api.json<DeadLetterListBody>(letters), { deadLetters: [] });
    assert.deepEqual(await api.json<DeadLetterListBody>(`${letters}?limit=1&cursor=${world.topic}/00000/0000000000000000000`), {
      deadLetters: [],
    });
    assert.deepEqual(await api.post<RedriveAnswer>(`${world.path}/redrive`, {}), { redriving: 0 });
    const id = `${world.topic}/00000/0000000000000000000`;
    await api.refused(404, "not_found", `${world.path}/redrive`, jsonBody({ ids: [id] }));
    await expectEmpty(await api.send(`${letters}?id=${encodeURIComponent(id)}`, { method: "DELETE" }));
  }),

  consumerCase("a group is read by members or by a function, not by both", {}, async (api, world) => {
    const beat = jsonBody({ topics: [world.topic] });
    await api.json(memberPath(world.group, "ada"), beat);
    await api.refused(409, "non_empty_group", world.path, world.body());
    await api.refused(404, "group_id_not_found", world.path);
    await expectEmpty(await api.send(memberPath(world.group, "ada"), { method: "DELETE" }));
    await world.put();
    await api.refused(409, "non_empty_group", memberPath(world.group, "ada"), beat);
    const { message } = await api.refused(409, "non_empty_group", groupPath(world.group), { method: "DELETE" });
    assert.match(message, /delete the consumer first/);
    await world.clear();
    await api.refused(404, "group_id_not_found", groupPath(world.group));
    await api.refused(404, "group_id_not_found", consumerPath(freshName()));
  }),
];

export const consumerCases: readonly HttpCase[] = [...lifeCases, ...stateCases, ...consumerRefusalCases];
