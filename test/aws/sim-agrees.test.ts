import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import { awsClients } from "../../lib/engines/aws/sdk-clients.ts";
import { sdkTable } from "../../lib/engines/aws/sdk-table.ts";
import { StoreFault } from "../../lib/engines/aws/table.ts";
import type { Table } from "../../lib/engines/aws/table.ts";
import { SimTable } from "../../lib/testing/sim/aws/sim-table.ts";
import { Prng } from "../../lib/testing/sim/prng.ts";
import { startDynamoDbLocal } from "../../scripts/emulators/dynamodb-local.ts";
import { runOp, TableOps } from "./table-ops.ts";
import type { TableOp } from "./table-ops.ts";

const sequences = 600;
const opsOfEach = 14;
const atOnce = 8;

describe("the simulated table answers as DynamoDB Local does", () => {
  let local: Awaited<ReturnType<typeof startDynamoDbLocal>>;
  let real: Table;
  const simulated = new SimTable({ nowMs: () => Date.now() });

  before(async () => {
    local = await startDynamoDbLocal();
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const { dynamodb } = awsClients({ region: "local", endpoint: { dynamodb: local.endpoint }, credentials, requestTimeoutMs: 30_000 });
    const keys = [
      { name: "pk", role: "HASH" },
      { name: "sk", role: "RANGE" },
    ] as const;
    await dynamodb.send(
      new CreateTableCommand({
        TableName: "agrees",
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: keys.map(({ name, role }) => ({ AttributeName: name, KeyType: role })),
        AttributeDefinitions: keys.map(({ name }) => ({ AttributeName: name, AttributeType: "S" })),
      }),
    );
    real = sdkTable(dynamodb, "agrees");
  });

  after(() => local.stop());

  it(`to ${sequences * opsOfEach} random requests`, async () => {
    const counts = new Map<string, number>();
    let seed = 0;
    const work = async (): Promise<void> => {
      while (seed < sequences)
        for (const outcome of await runSequence(real, simulated, seed++)) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    for (const outcome of [
      "write ok",
      "write condition",
      "write refused",
      "transact ok",
      "transact condition",
      "transact refused",
      "query ok",
    ]) {
      assert.ok((counts.get(outcome) ?? 0) > sequences / 20, `too few: ${outcome}: ${counts.get(outcome) ?? 0}`);
    }
  });
});

/** Sends the same to both. @returns for each request what it was and what came of it */
async function runSequence(real: Table, simulated: Table, seed: number): Promise<string[]> {
  const prng = new Prng(seed);
  const pk = `pk${seed}`;
  const ops = new TableOps(prng, pk);
  const outcomes: string[] = [];
  const done: TableOp[] = [];
  for (let i = 0; i < opsOfEach; i++) {
    const op = ops.next();
    done.push(op);
    const [expected, actual] = await Promise.all([outcomeOf(real, op), outcomeOf(simulated, op)]);
    assert.deepEqual(actual, expected, `sequence ${seed}, request ${i}: ${JSON.stringify(op)}\nafter ${JSON.stringify(done.slice(0, -1))}`);
    outcomes.push(`${op.kind} ${expected.kind}`);
  }
  const all: TableOp = { kind: "query", request: { pk, limit: 100 } };
  assert.deepEqual(await outcomeOf(simulated, all), await outcomeOf(real, all), `sequence ${seed}, at its end: ${JSON.stringify(done)}`);
  return outcomes;
}

interface Outcome {
  readonly kind: string;
  readonly value?: unknown;
  readonly item?: unknown;
  readonly writes?: unknown;
}

async function outcomeOf(table: Table, op: TableOp): Promise<Outcome> {
  try {
    return { kind: "ok", value: plain(await runOp(table, op)) };
  } catch (reason) {
    if (!(reason instanceof StoreFault)) throw reason;
    const { kind, item, writes } = reason;
    // DynamoDB Local tells of a transaction's write that cannot be done as of one alone, without reasons. The service gives them.
    return kind === "refused" ? { kind } : { kind, item: plain(item), writes: plain(writes) };
  }
}

/** Bytes are Buffers in one and arrays in the other. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}
