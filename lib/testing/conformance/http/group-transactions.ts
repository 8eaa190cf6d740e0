import assert from "node:assert/strict";
import { limits } from "../../../core/limits.ts";
import type { TransactionAnswer, TransactionBody } from "../../../http/group-wire.ts";
import { type GroupMember, groupCase, memberPath } from "./group-member.ts";
import { type Api, freshName, type HttpCase, jsonBody } from "./target.ts";

const pathOf = ({ group, member }: GroupMember): string => `${memberPath(group, member)}/transactions`;

function bodyOf({ identity }: GroupMember, body: Omit<TransactionBody, "session" | "generation">): TransactionBody {
  const { session, generation } = identity;
  return { session, generation, ...body };
}

const transact = (api: Api, member: GroupMember, body: Parameters<typeof bodyOf>[1]): Promise<TransactionAnswer> =>
  api.post(pathOf(member), bodyOf(member, body));

async function valuesOf(api: Api, topic: string, partition = 0): Promise<readonly unknown[]> {
  return (await api.read(topic, "", partition)).records.map(({ value }) => value);
}

export const groupTransactionCases: readonly HttpCase[] = [
  groupCase("a transaction commits offsets and appends records to several topics", { partitions: 2 }, async (api, world) => {
    const { topic } = world;
    const other = freshName();
    await api.post("/topics", { name: other, partitions: 9 }, 201);
    try {
      const ada = await world.join("ada");
      const records = [
        { topic: other, partition: 8, value: { n: 1 }, headers: { a: ["1", null] }, timestamp: 5 },
        { topic, partition: 1, key: "k", value: "x" },
        { topic: other, partition: 8, keyBase64: "AP8=", valueBase64: "/w==" },
        { topic: other, partition: 0, key: "gone", value: null },
      ];
      const { offsets } = await transact(api, ada, {
        offsets: [
          { topic, partition: 0, offset: 3, metadata: "here" },
          { topic, partition: 1, offset: 0 },
        ],
        records,
      });
      const expected = records.map(({ topic: name, partition }, nth) => ({ topic: name, partition, offset: nth === 2 ? 1 : 0 }));
      assert.deepEqual(offsets, expected);
      assert.equal(await world.committed(), "0@3 1@0");
      const [first, second] = (await api.read(other, "?format=json", 8)).records;
      assert.deepEqual([first?.value, first?.headers, first?.timestamp], [{ n: 1 }, { a: ["1", null] }, 5]);
      assert.deepEqual([second?.keyBase64, second?.valueBase64], ["AP8=", "/w=="]);
      assert.deepEqual(await valuesOf(api, other), [null]);
      assert.deepEqual((await transact(api, ada, { offsets: [{ topic, partition: 0, offset: 4 }] })).offsets, [], "without records");
      assert.equal(await world.committed(), "0@4 1@0");
    } finally {
      await (await api.send(`/topics/${other}`, { method: "DELETE" })).arrayBuffer();
    }
  }),

  groupCase("a transaction that is sent again under its id is done once, and without one it is refused", {}, async (api, world) => {
    const { topic } = world;
    const ada = await world.join("ada");
    const body = { offsets: [{ topic, partition: 0, offset: 1 }], records: [{ topic, value: "x" }] };
    assert.deepEqual(await transact(api, ada, { id: "one", ...body }), { offsets: [{ topic, partition: 0, offset: 0 }] });
    assert.deepEqual(await transact(api, ada, { id: "one", ...body }), { offsets: null });
    await api.refused(400, "invalid_request", pathOf(ada), jsonBody(bodyOf(ada, body)));
    const others = { id: "one", ...body, offsets: [{ topic, partition: 0, offset: 2 }] };
    await api.refused(400, "invalid_request", pathOf(ada), jsonBody(bodyOf(ada, others)));
    assert.deepEqual(await valuesOf(api, topic), ["x"]);
    assert.equal(await world.committed(), "0@1");
  }),

  groupCase("who has lost a partition, or never had it, appends nothing with it", { partitions: 2 }, async (api, world) => {
    const { topic, group } = world;
    const ada = await world.join("ada");
    const eve = await world.join("eve");
    await ada.beat({ held: { [topic]: [0, 1] } });
    await ada.beat({ held: { [topic]: [0] } });
    await eve.beat();
    const records = [{ topic, partition: 0, value: "x" }];
    const both = [0, 1].map((partition) => ({ topic, partition, offset: 1 }));
    await api.refused(409, "illegal_generation", pathOf(ada), jsonBody(bodyOf(ada, { offsets: both, records })));
    await api.refused(409, "illegal_generation", pathOf(eve), jsonBody(bodyOf(eve, { offsets: both.slice(0, 1), records })));
    const stranger = { ...bodyOf(ada, { offsets: both.slice(0, 1), records }), session: "another" };
    await api.refused(409, "fenced_instance_id", pathOf(ada), jsonBody(stranger));
    await api.refused(404, "unknown_member_id", `${memberPath(group, "bob")}/transactions`, jsonBody(stranger));
    await api.refused(404, "group_id_not_found", `${memberPath(freshName(), "ada")}/transactions`, jsonBody(stranger));
    assert.deepEqual(await valuesOf(api, topic), []);
    assert.equal(await world.committed(), "");
  }),

  groupCase("a transaction that cannot be taken as it is commits nothing", { partitions: 2 }, async (api, world) => {
    const { topic } = world;
    const ada = await world.join("ada");
    const offsets = [{ topic, partition: 0, offset: 1 }];
    const fine = { topic, partition: 0, value: "x" };
    const good = bodyOf(ada, { offsets, records: [fine] });
    const text = JSON.stringify(good);
    const wrong: readonly [number, Parameters<Api["refused"]>[1], unknown][] = [
      [404, "unknown_topic_or_partition", { ...good, records: [fine, { ...fine, topic: `${topic}-none` }] }],
      [404, "unknown_topic_or_partition", { ...good, records: [fine, { ...fine, partition: 2 }] }],
      [400, "invalid_topic", { ...good, records: [fine, { ...fine, topic: "no topic" }] }],
      [400, "invalid_request", { ...good, records: [fine, { value: "x" }] }],
      [400, "invalid_request", { ...good, records: [fine, { ...fine, topic: 1 }] }],
      [400, "invalid_request", { ...good, records: [{ ...fine, valueBase64: "" }] }],
      [400, "invalid_request", { ...good, records: "x" }],
      [400, "invalid_request", { ...good, offsets: [] }],
      [400, "invalid_request", { ...good, offsets: [...offsets, ...offsets] }],
      [400, "invalid_request", { ...good, generation: undefined }],
      [400, "invalid_request", { ...good, id: "" }],
      [400, "invalid_request", { ...good, id: "x".repeat(limits.transactionIdLengthMax + 1) }],
      [400, "invalid_request", { ...good, member: "ada" }],
      [400, "invalid_request", `${text.slice(0, -1)},"records":[]}`],
      [400, "invalid_request", text.slice(0, -1)],
      [400, "invalid_request", `${text}]`],
    ];
    for (const [status, code, body] of wrong) await api.refused(status, code, pathOf(ada), jsonBody(body));
    await api.refused(415, "unsupported_media_type", pathOf(ada), { ...jsonBody(good), headers: { "content-type": "text/plain" } });
    await api.refused(405, "method_not_allowed", pathOf(ada));
    await api.refused(404, "not_found", `${pathOf(ada)}/more`);
    assert.deepEqual(await valuesOf(api, topic), []);
    assert.equal(await world.committed(), "");
    await api.post(pathOf(ada), good);
    assert.deepEqual(await valuesOf(api, topic), ["x"]);
  }),
];
