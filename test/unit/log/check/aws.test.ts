/** The check over the aws engine, whose journal has pages and payloads of their own that can be lost. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createAwsEngine } from "../../../../lib/engines/aws/index.ts";
import { nodeClock } from "../../../../lib/node/clock.ts";
import { nodeRandom } from "../../../../lib/node/random.ts";
import { SimBucket } from "../../../../lib/testing/sim/aws/sim-bucket.ts";
import { SimTable } from "../../../../lib/testing/sim/aws/sim-table.ts";
import { record } from "../../../../lib/testing/conformance/log/build.ts";
import { CheckWorld, namesOf } from "./world.ts";

async function loses(pkPrefix: string) {
  const [table, bucket] = [new SimTable(nodeClock), new SimBucket(nodeClock)];
  const open = () => createAwsEngine({ table, bucket, clock: nodeClock, random: nodeRandom });
  const world = new CheckWorld(open());
  await world.fill();
  for (let nth = 0; nth < 40; nth++) await world.log.append("journal", { records: [record(`more ${nth}`, { partition: 0 })] });
  assert.deepEqual(namesOf(await world.faults(open())), []);
  const lost = table.snapshot.find((item) => "S" in (item["pk"] ?? {}) && JSON.stringify(item["pk"]).includes(`"${pkPrefix}`));
  const [pk, sk] = [lost?.["pk"], lost?.["sk"]];
  assert.ok(pk !== undefined && sk !== undefined && "S" in pk && "S" in sk, `nothing under ${pkPrefix}`);
  await table.delete({ pk: pk.S, sk: sk.S });
  // Another process: what one has read it remembers.
  return await world.faults(open());
}

test("a payload that is lost", async () => {
  const faults = await loses("B#");
  // One for each partition that its entry has a part of.
  assert.deepEqual([...new Set(namesOf(faults))], ["damaged journal"]);
  assert.match(faults[0]?.message ?? "", /Entry \d+ cannot be read/);
});

test("a page that is lost", async () => {
  const faults = await loses("J#");
  assert.equal(faults.length, 1);
  assert.match(faults[0]?.message ?? "", /Entry 0 of the shard cannot be found/);
});
