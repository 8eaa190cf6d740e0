import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryEngine } from "../../../../lib/engines/memory/index.ts";
import { createLog } from "../../../../lib/log/create-log.ts";
import { memberKey } from "../../../../lib/log/groups/member-row.ts";
import { nodeClock } from "../../../../lib/node/clock.ts";
import { nodeCompression } from "../../../../lib/node/compression.ts";
import { nodeRandom } from "../../../../lib/node/random.ts";
import type { Engine } from "../../../../lib/ports/engine.ts";

test("a member whose row is written late finds that its group has become a consumer's", async () => {
  const engine = createMemoryEngine();
  const { pk, sk } = memberKey("g", "m");
  const [arrived, letGo] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
  const late: Engine = {
    ...engine,
    catalog: {
      get: (key) => engine.catalog.get(key),
      query: (of, range) => engine.catalog.query(of, range),
      async transact(writes) {
        if (writes.some(({ key }) => key.pk === pk && key.sk === sk)) {
          arrived.resolve(undefined);
          await letGo.promise;
        }
        await engine.catalog.transact(writes);
      },
    },
  };
  const log = createLog(late, { clock: nodeClock, random: nodeRandom, compression: nodeCompression });
  await log.topics.create({ name: "t" });
  const joining = log.groups.heartbeat("g", "m", { subscription: { topics: ["t"] } });
  await arrived.promise;
  await log.consumers.put({ group: "g", topic: "t", target: "local:f" });
  letGo.resolve(undefined);
  await assert.rejects(joining, { code: "non_empty_group" });
  assert.equal((await log.groups.describe("g")).members.length, 0);
  await log.close();
});
