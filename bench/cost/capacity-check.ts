import { CreateTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { tableSchema } from "../../lib/engines/aws/schema.ts";
import { sdkTable } from "../../lib/engines/aws/sdk-table.ts";
import { type Item, StoreFault, type Table } from "../../lib/engines/aws/table.ts";
import { nodeClock } from "../../lib/node/clock.ts";
import { nodeRandom } from "../../lib/node/random.ts";
import { SimBucket } from "../../lib/testing/sim/aws/sim-bucket.ts";
import { Prng } from "../../lib/testing/sim/prng.ts";
import { startDynamoDbLocal } from "../../scripts/emulators/dynamodb-local.ts";
import { figure, type Metric, progress } from "../support/metrics.ts";
import { HeadBytes } from "./head-bytes.ts";
import { entryMaker, inTurn, kafkaSteps, subjectOf, topicName } from "./load.ts";
import { exactly } from "./measure.ts";
import { emptyMark, meteredTable, refusedMark } from "./metered-table.ts";
import { type Reported, reportingClient } from "./reporting-client.ts";
import { storeOf } from "./store.ts";
import { sumOf, type Tallies, Usage } from "./usage.ts";

const tableName = "check";
const writes = 400;
const entries = 60;

/** Whether the billing rule gives what DynamoDB Local says it consumed: for random items, and for the engine's own requests. */
export async function checkCapacity(): Promise<Metric[]> {
  progress("billing rule beside DynamoDB Local …");
  const local = await startDynamoDbLocal();
  const { client, reported } = reportingClient(local.endpoint);
  try {
    await createTable(client);
    const table = sdkTable(client, tableName);
    const plain = reportingClient(local.endpoint);
    const peek = sdkTable(plain.client, tableName);
    const differing = await differingWrites(table, peek, reported);
    const before = { ...reported };
    const tallies = await engineTallies(table, peek);
    plain.client.destroy();
    const singles = new Map(
      [...tallies].filter(([kind]) => !kind.includes("transact") && !kind.endsWith(refusedMark) && !kind.endsWith(emptyMark)),
    );
    return [
      exactly(`${writes} random writes, billed otherwise than DynamoDB Local says`, differing, "requests", 0),
      exactly(
        "the engine's writes, billed less what DynamoDB Local says",
        sumOf(singles, "writeUnits") - (reported.writes - before.writes),
        "WU",
        0,
      ),
      exactly(
        "the engine's reads, billed less what DynamoDB Local says",
        sumOf(singles, "readUnits") - (reported.reads - before.reads),
        "RU",
        0,
      ),
      figure("the engine's writes that were compared", sumOf(singles, "writeUnits"), "WU"),
    ];
  } finally {
    client.destroy();
    await local.stop();
  }
}

/** Puts, updates and deletes of items around whole units, one after another. */
async function differingWrites(table: Table, peek: Pick<Table, "get">, reported: Reported): Promise<number> {
  const [usage, prng] = [new Usage(), new Prng(7)];
  const metered = meteredTable(table, { usage, heads: new HeadBytes(), peek });
  let differing = 0;
  for (let nth = 0; nth < writes; nth++) {
    const before = { metered: billed(usage.tallies), reported: reported.writes };
    await randomWrite(metered, prng);
    if (billed(usage.tallies) - before.metered !== reported.writes - before.reported) differing++;
  }
  return differing;
}

async function randomWrite(table: Table, prng: Prng): Promise<void> {
  const key = { pk: "random", sk: `k${prng.between(0, 5)}` };
  const item = randomItem(prng);
  try {
    const choice = prng.between(0, 9);
    if (choice < 4) await table.put({ pk: { S: key.pk }, sk: { S: key.sk }, ...item });
    else if (choice < 8) {
      const values = Object.fromEntries(Object.entries(item).map(([name, value]) => [`:${name}`, value]));
      const sets = Object.keys(item).map((name) => `${name} = :${name}`);
      await table.update(key, { update: `SET ${sets.join(", ")}`, values, condition: "attribute_not_exists(gone)" });
    } else await table.delete(key);
  } catch (reason) {
    if (!(reason instanceof StoreFault && reason.kind === "condition")) throw reason;
  }
}

/** Of about one, two or three units: a few bytes more or less. */
function randomItem(prng: Prng): Item {
  const numbers = Array.from({ length: prng.between(0, 20) }, () => ({ N: String(prng.between(0, 10 ** prng.between(0, 12))) }));
  const bytes = (count: number) => ({ B: new Uint8Array(count).fill(1) });
  return {
    many: { L: numbers },
    deep: { M: { é: { S: "ü".repeat(prng.between(0, 9)) }, list: { L: [bytes(prng.between(0, 9)), { N: "-120" }] } } },
    rest: bytes(Math.max(0, prng.between(1, 3) * 1_024 - 150 + prng.between(-100, 100))),
  };
}

function billed(tallies: Tallies): number {
  return sumOf(new Map([...tallies].filter(([kind]) => !kind.endsWith(refusedMark))), "writeUnits");
}

/** Appends of several kinds, and a reader of all of them. */
async function engineTallies(table: Table, peek: Pick<Table, "get">): Promise<Tallies> {
  const pass = (): void => undefined;
  const subject = await subjectOf(
    storeOf({ table, bucket: new SimBucket(nodeClock), peek, clock: nodeClock, random: nodeRandom, pass }),
    16,
  );
  const { engine, log, usage } = subject.opened;
  const [small, wide, steps] = [entryMaker(1, 1, 800), entryMaker(16, 10, 100), kafkaSteps(inTurn(3))];
  for (let nth = 0; nth < entries; nth++) {
    const entry = wide(nodeClock.nowMs());
    await engine.journal.append(subject.shard, small(nodeClock.nowMs()));
    await engine.journal.append(subject.shard, entry);
    await engine.journal.append(subject.shard, entry, steps(nth, entry));
  }
  await engine.idle();
  for (let from = 0; ; ) {
    const { nextOffset } = await log.fetch(topicName, 0, { from, bytesMax: 16_384 });
    if (nextOffset === from) return usage.tallies;
    from = nextOffset;
  }
}

async function createTable(client: DynamoDBClient): Promise<void> {
  const { partitionKey, sortKey, billingMode } = tableSchema;
  const keys = [
    { AttributeName: partitionKey, KeyType: "HASH" },
    { AttributeName: sortKey, KeyType: "RANGE" },
  ] as const;
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: billingMode,
      KeySchema: [...keys],
      AttributeDefinitions: keys.map(({ AttributeName }) => ({ AttributeName, AttributeType: "S" })),
    }),
  );
}
