import assert from "node:assert/strict";
import { test } from "node:test";
import { LogError } from "../../../lib/core/errors.ts";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { checkLog } from "../../../lib/log/check/check-log.ts";
import { createJanitor } from "../../../lib/log/janitor.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import type { Log } from "../../../lib/log/log.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { Engine } from "../../../lib/ports/engine.ts";

const parts = { clock: nodeClock, random: nodeRandom, compression: nodeCompression };
const request = { records: [{ key: null, value: new Uint8Array([1]), headers: [] }] };

/** The engine as a process sees it that is slow: before its first write the topic is deleted and made anew by another one. */
function slow(engine: Engine, other: Log): Engine {
  let isFirst = true;
  const { catalog } = engine;
  return {
    ...engine,
    catalog: {
      get: (key) => catalog.get(key),
      query: (pk, range) => catalog.query(pk, range),
      async transact(writes) {
        if (isFirst) {
          isFirst = false;
          await other.topics.delete("t");
          await other.topics.create({ name: "t" });
          await other.append("t", request);
        }
        await catalog.transact(writes);
      },
    },
  };
}

const late: readonly (readonly [name: string, run: (log: Log, engine: Engine) => Promise<unknown>])[] = [
  ["a change of its configs", (log) => log.topics.alter("t", { config: { "retention.ms": 1_000 } })],
  ["a growth", (log) => log.topics.alter("t", { partitions: 3 })],
  ["a deletion", (log) => log.topics.delete("t")],
  ["a janitor's first round", (_, engine) => createJanitor(engine, parts)(Number.MAX_SAFE_INTEGER)],
];

for (const [name, run] of late) {
  test(`${name} that was decided on a topic does nothing to the one that is made anew under its name`, async () => {
    const engine = createMemoryEngine();
    const other = createLog(engine, parts);
    const { id } = await other.topics.create({ name: "t" });
    const behind = slow(engine, other);
    const answer = await run(createLog(behind, parts), behind).catch((reason: unknown) => LogError.from(reason));
    if (answer instanceof LogError) assert.equal(answer.outcome, "not-applied");
    const after = createLog(engine, parts);
    const topic = await after.topics.get("t");
    assert.notEqual(topic.id, id);
    assert.deepEqual([topic.partitions, topic.config["retention.ms"]], [1, "604800000"]);
    assert.equal((await after.fetch("t", 0, { from: "earliest" })).highWatermark, 1);
    await after.append("t", request);
    for await (const { isFault, message } of checkLog(engine, parts, {})) assert.ok(!isFault, message);
  });
}
