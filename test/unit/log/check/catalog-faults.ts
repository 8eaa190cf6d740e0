import type { Topic } from "../../../../lib/log/log.ts";
import { garbageWrite, newGarbage } from "../../../../lib/log/strata/garbage.ts";
import { activeWrite } from "../../../../lib/log/strata/marks.ts";
import { topicIdKey } from "../../../../lib/log/strata/topic-ids.ts";
import { topicKey } from "../../../../lib/log/topic-row.ts";
import { nodeRandom } from "../../../../lib/node/random.ts";
import type { JsonValue } from "../../../../lib/ports/catalog.ts";
import { type Planted, noTopic } from "./planted.ts";
import { flip } from "./world.ts";

export const catalogs: readonly Planted[] = [
  {
    name: "a topic whose shard was closed",
    plant: ({ engine }, { id }) => engine.journal.close({ topicId: id, shard: 0 }),
    found: ["missing shard"],
    says: /Shard 0 of a topic that is there cannot be opened/,
  },
  {
    name: "a topic with more partitions than its shards have",
    plant: async ({ engine }, { name }) => {
      const item = await engine.catalog.get(topicKey(name));
      const put = { ...(item?.value as Record<string, JsonValue>), partitionCounts: [2, 3] };
      await engine.catalog.transact([{ key: topicKey(name), put, if: "any" }]);
    },
    found: ["inconsistent shard"],
    says: /2 partitions in layout 0, and its topic gives it 3 in layout 1/,
  },
  {
    name: "a topic without its row in topic-ids",
    plant: ({ engine }, { id }) => engine.catalog.transact([{ key: topicIdKey(id), delete: true, if: 1 }]),
    found: ["missing topic"],
    says: /no row in topic-ids/,
    left: [],
  },
  {
    name: "a row in topic-ids that was changed",
    plant: ({ engine }, { id, name }) => engine.catalog.transact([{ key: topicIdKey(id), put: name, if: 1 }]),
    found: ["inconsistent topic"],
    says: /in version 2/,
  },
  {
    name: "a topic that has lost its row",
    plant: ({ engine }, { name }) => engine.catalog.transact([{ key: topicKey(name), delete: true, if: "any" }]),
    found: ["dangling topic"],
    says: /and none among the topics/,
  },
  {
    name: "a topic that has lost both its rows",
    plant: ({ engine }, { id, name }) =>
      engine.catalog.transact([
        { key: topicKey(name), delete: true, if: "any" },
        { key: topicIdKey(id), delete: true, if: "any" },
      ]),
    found: ["dangling topic"],
    says: /its journal is open/,
  },
  {
    name: "rows and objects of a topic that is gone",
    plant: async (world) => {
      const topic = { id: noTopic } as Topic;
      const value = await world.storeSegment(topic, 0, 3);
      await world.putRow(topic, { version: 0, baseOffset: 0, ...value });
      await world.changeFrontier(topic, () => ({ sealed: [3], seq: 1 }));
      await world.storeSegment(topic, 3, 4);
      const garbage = newGarbage(nodeRandom, noTopic, 1e14, [(await world.storeSegment(topic, 4, 5)).key], "unfinished");
      await world.engine.catalog.transact([garbageWrite(garbage)]);
    },
    found: ["dangling topic", "unreferenced object"],
    says: /which is gone, there are rows still: frontiers\/0+dead, garbage\/0+dead, segments\/0+dead/,
    left: [],
  },
  {
    name: "an object that nothing names",
    plant: async (world, topic) => {
      await world.storeSegment(topic, 3, 5);
    },
    found: ["unreferenced object"],
    says: /--repair deletes it/,
    left: [],
  },
  {
    name: "an object that nothing names, beside one that is damaged: it is kept",
    plant: async (world, topic) => {
      await world.storeSegment(topic, 3, 5);
      await world.changeObject((await world.lastRow(topic)).key, (bytes) => flip(bytes, 80));
    },
    found: ["damaged segment", "unreferenced object"],
    says: /Keep it/,
  },
  {
    name: "an object that nothing names, of a shard that is gone: it is kept",
    plant: async (world, topic) => {
      await world.storeSegment(topic, 3, 5);
      await world.engine.journal.close({ topicId: topic.id, shard: 0 });
    },
    found: ["missing shard", "unreferenced object"],
    says: /Keep it/,
  },
  {
    name: "a row of a topic that is gone, of which two marks tell: once",
    plant: async (world) => {
      await world.changeFrontier({ id: noTopic } as Topic, () => ({ sealed: [3], seq: 1 }));
      await world.engine.catalog.transact([0, 1].map((shard) => activeWrite({ topicId: noTopic, shard }, 1)));
    },
    found: ["dangling topic"],
    says: /which is gone, there are rows still/,
    left: [],
  },
  {
    name: "an object that nothing names, where the frontier and the journal leave a hole: it is kept",
    plant: async (world, topic) => {
      const last = await world.lastRow(topic);
      await world.dropRow(topic, last);
      await world.changeObject(last.key, () => undefined);
      await world.changeFrontier(topic, ({ seq, sealed }) => ({ seq: seq - 1, sealed: [last.baseOffset, ...sealed.slice(1)], trims: [] }));
      await world.storeSegment(topic, last.baseOffset, last.next);
    },
    found: ["missing frontier", "missing frontier", "unreferenced object"],
    says: /Keep it/,
  },
  {
    name: "an object that the log has not written",
    plant: async ({ engine }) => {
      await engine.objects.put("s/readme.txt", Uint8Array.of(1));
    },
    found: ["unreferenced object"],
    says: /a name that no segment has/,
  },
  ...(["replaced", "unfinished"] as const).map(
    (why): Planted => ({
      name: `a segment that is to be deleted as ${why}`,
      plant: async (world, topic) => {
        const garbage = newGarbage(nodeRandom, topic.id, 1e14, [(await world.lastRow(topic)).key], why);
        await world.engine.catalog.transact([garbageWrite(garbage)]);
      },
      found: ["inconsistent garbage"],
      says: /has it deleted at 100000000000000/,
    }),
  ),
];
