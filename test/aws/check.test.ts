/** `stratalog check` as users run it, over DynamoDB and S3, with faults that are planted there past the engine. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type AttributeValue, DeleteItemCommand, PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { openAwsEngine } from "../../lib/aws/open-engine.ts";
import type { AwsEngine } from "../../lib/engines/aws/index.ts";
import { objectPrefix } from "../../lib/engines/aws/keys.ts";
import { readObjectKey } from "../../lib/log/strata/segment-object-key.ts";
import { record } from "../../lib/testing/conformance/log/build.ts";
import {
  type EmulatedAws,
  emulatorCredentials,
  emulatorRegion,
  type EmulatedStore,
  startEmulatedAws,
} from "../../scripts/emulators/aws-store.ts";
import { runCommand } from "../e2e/run-command.ts";
import { CheckWorld, flip } from "../unit/log/check/world.ts";

type Item = Record<string, AttributeValue>;
type Line = Readonly<Record<string, unknown>>;

let aws: EmulatedAws;
let store: EmulatedStore;
let env: Readonly<Record<string, string>>;
let world: CheckWorld;
let engine: AwsEngine;

before(async () => {
  aws = await startEmulatedAws();
  store = await aws.createStore();
  env = {
    AWS_ACCESS_KEY_ID: emulatorCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: emulatorCredentials.secretAccessKey,
    AWS_REGION: emulatorRegion,
    AWS_ENDPOINT_URL_DYNAMODB: aws.endpoints.dynamodb,
    AWS_ENDPOINT_URL_S3: aws.endpoints.s3,
  };
  Object.assign(process.env, env);
  engine = openAwsEngine({ ...store, requestTimeoutMs: 30_000 });
  world = new CheckWorld(engine);
  await fill();
});
after(async () => {
  await world.log.close();
  await aws.stop();
});

/** Beside what every check's tests have: a compacted topic, and a journal of two shards with pages and with payloads of both kinds. */
async function fill(): Promise<void> {
  await world.fill();
  const { log } = world;
  await log.topics.create({ name: "compacted", config: { "cleanup.policy": "compact", "min.cleanable.dirty.ratio": 0 } });
  for (let nth = 0; nth < 6; nth++) {
    await log.append("compacted", { records: ["a", "b"].map((key) => record(`${key} ${nth}`, { partition: 0, key })) });
    await world.round();
  }
  for (let nth = 0; nth < 40; nth++) {
    const value = nth % 8 === 0 ? "big ".repeat(5_000) : `small ${nth}`;
    await log.append("journal", { records: [record(value, { partition: 0 }), record(value, { partition: 2 })] });
  }
  await engine.idle();
}

async function check(...more: readonly string[]) {
  const { code, stdout, stderr } = await runCommand(
    ["check", "--engine", "aws", "--table", store.table, "--bucket", store.bucket, "--json", ...more],
    { env },
  );
  const lines = stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Line]));
  const findings = lines.filter(({ type }) => type === "finding");
  return { code, stderr, summary: lines.at(-1) ?? {}, findings, faults: findings.filter(({ isFault }) => isFault === true) };
}

/** As `kind what`, each once. */
function kindsOf(faults: readonly Line[]): readonly string[] {
  return [...new Set(faults.map(({ kind, what }) => `${String(kind)} ${String(what)}`))];
}

async function items(pkPrefix: string): Promise<readonly Item[]> {
  const found: Item[] = [];
  for (let from: Item | undefined; ; ) {
    const page = await aws.clients.dynamodb.send(
      new ScanCommand({ TableName: store.table, ConsistentRead: true, ...(from !== undefined && { ExclusiveStartKey: from }) }),
    );
    found.push(...(page.Items ?? []));
    from = page.LastEvaluatedKey;
    if (from === undefined) return found.filter(({ pk }) => pk?.S?.startsWith(pkPrefix) === true);
  }
}

async function keys(prefix: string): Promise<readonly string[]> {
  const { Contents = [] } = await aws.clients.s3.send(new ListObjectsV2Command({ Bucket: store.bucket, Prefix: prefix }));
  return Contents.flatMap(({ Key }) => Key ?? []);
}

async function bytesOf(key: string): Promise<Uint8Array> {
  const { Body } = await aws.clients.s3.send(new GetObjectCommand({ Bucket: store.bucket, Key: key }));
  assert.ok(Body !== undefined);
  return await Body.transformToByteArray();
}

async function putObject(key: string, bytes: Uint8Array): Promise<void> {
  await aws.clients.s3.send(new PutObjectCommand({ Bucket: store.bucket, Key: key, Body: bytes }));
}

async function deleteObject(key: string): Promise<void> {
  await aws.clients.s3.send(new DeleteObjectCommand({ Bucket: store.bucket, Key: key }));
}

async function topicId(name: string): Promise<string> {
  return (await world.log.topics.get(name)).id;
}

/** Deletes an item, and puts it back when `use` has ended. */
async function without(item: Item | undefined, use: () => Promise<void>): Promise<void> {
  const { pk, sk } = item ?? {};
  assert.ok(item !== undefined && pk !== undefined && sk !== undefined, "there is one to delete");
  await aws.clients.dynamodb.send(new DeleteItemCommand({ TableName: store.table, Key: { pk, sk } }));
  try {
    await use();
  } finally {
    await aws.clients.dynamodb.send(new PutItemCommand({ TableName: store.table, Item: item }));
  }
}

/** Puts other bytes under an object's key, or none, and its own when `use` has ended. */
async function changed(key: string, change: (bytes: Uint8Array) => Uint8Array | undefined, use: () => Promise<void>): Promise<void> {
  const whole = await bytesOf(key);
  const bytes = change(Uint8Array.from(whole));
  await (bytes === undefined ? deleteObject(key) : putObject(key, bytes));
  try {
    await use();
  } finally {
    await putObject(key, whole);
  }
}

/** That a check tells this alone, and a repair mends none of it. */
async function tells(kind: string, place: Line): Promise<void> {
  for (const repair of [[], ["--repair"]]) {
    const { code, faults, summary } = await check(...repair);
    const told = JSON.stringify(faults);
    assert.deepEqual([code, kindsOf(faults), summary["faultsLeft"]], [1, [kind], faults.length], told);
    assert.ok(
      faults.every(({ isRepaired, isRepairable }) => isRepaired === false && isRepairable === false),
      told,
    );
    const where = faults[0]?.["where"] as Line;
    assert.deepEqual(Object.fromEntries(Object.keys(place).map((name) => [name, where[name]])), place, told);
  }
}

async function isHealthy(): Promise<void> {
  const { code, stderr, faults, summary } = await check();
  assert.deepEqual([code, stderr, faults, summary["type"], summary["faults"]], [0, "", [], "summary", 0]);
}

test("a healthy log, with some of everything in the table and the bucket", async () => {
  for (const prefix of ["B#", "J#"]) assert.ok((await items(prefix)).length > 0, prefix);
  for (const prefix of [`${objectPrefix}s/`, "j/"]) assert.ok((await keys(prefix)).length > 0, prefix);
  const { code, stderr, findings, summary } = await check();
  assert.deepEqual([code, stderr, findings.filter(({ isFault }) => isFault === true)], [0, "", []]);
  const { topics, shards, partitions } = summary;
  assert.deepEqual({ topics, shards, partitions }, { topics: 4, shards: 5, partitions: 7 });
});

describe("each fault alone is told, by name", () => {
  /** A segment that readers follow. */
  const segment = async (): Promise<{ readonly key: string; readonly place: Line }> => {
    const id = await topicId("sealed");
    const [row] = await world.rows({ ...(await world.log.topics.get("sealed")), id });
    assert.ok(row !== undefined);
    return { key: row.key, place: { topic: "sealed", partition: 0, offset: row.baseOffset, key: row.key } };
  };

  test("a segment's object that is gone", async () => {
    const { key, place } = await segment();
    await changed(
      objectPrefix + key,
      () => undefined,
      () => tells("missing segment", place),
    );
  });

  test("one bit of a segment's object", async () => {
    const { key, place } = await segment();
    await changed(
      objectPrefix + key,
      (bytes) => flip(bytes, 80),
      () => tells("damaged segment", place),
    );
  });

  test("a payload's item that is gone", async () => {
    const [lost] = await items(`B#${await topicId("journal")}#0#`);
    await without(lost, () => tells("damaged journal", { topic: "journal", shard: 0 }));
  });

  test("a payload's object that is gone", async () => {
    const id = await topicId("journal");
    const key = (await keys("j/")).find((each) => each.includes(`/${id}.1/`)) ?? "";
    await changed(
      key,
      () => undefined,
      () => tells("damaged journal", { topic: "journal", shard: 1, partition: 2 }),
    );
  });

  test("a page of the journal that is gone", async () => {
    const [lost] = await items(`J#${await topicId("journal")}#0`);
    await without(lost, () => tells("damaged journal", { topic: "journal", shard: 0 }));
  });

  test("an object whose name no segment has", async () => {
    await putObject(`${objectPrefix}s/strange`, Buffer.from("?"));
    try {
      await tells("unreferenced object", { key: "s/strange" });
    } finally {
      await deleteObject(`${objectPrefix}s/strange`);
    }
  });

  test("and each put back, the log is healthy again", isHealthy);
});

test("a repair deletes the object that nothing names, and nothing else", async () => {
  const { key } = (await world.rows(await world.log.topics.get("sealed")))[0] ?? {};
  assert.ok(key !== undefined);
  const id = "00".repeat(8);
  const stray = `s/00/${await topicId("sealed")}/0/${String(readObjectKey(key)?.baseOffset)}-${id}`;
  const before = { items: await items(""), keys: await keys("") };
  await putObject(objectPrefix + stray, await bytesOf(objectPrefix + key));
  const { code, faults } = await check();
  assert.deepEqual([code, kindsOf(faults), (faults[0]?.["where"] as Line)["key"]], [1, ["unreferenced object"], stray]);
  assert.ok((await keys(objectPrefix)).includes(objectPrefix + stray), "a check changes nothing");
  const repaired = await check("--repair");
  assert.deepEqual([repaired.code, repaired.faults.map(({ isRepaired }) => isRepaired), repaired.summary["faultsLeft"]], [0, [true], 0]);
  assert.deepEqual({ items: await items(""), keys: await keys("") }, before);
  await isHealthy();
});

test("while a writer appends and a janitor runs beside it, a check ends healthy", async () => {
  let isOver = false;
  let [rounds, appends] = [0, 0];
  const write = async (): Promise<void> => {
    for (; !isOver; appends++) {
      for (const name of ["sealed", "compacted"]) {
        await world.log.append(name, { records: [record(`${appends}`, { partition: 0, key: `${appends % 3}` })] });
      }
      if (appends % 5 === 0) await world.log.deleteRecords("sealed", [{ partition: 0, offset: "latest" }]);
    }
  };
  const collect = async (): Promise<void> => {
    for (; !isOver; rounds++) await world.round();
  };
  const beside = Promise.all([write(), collect()]);
  const seen: unknown[] = [];
  try {
    while (seen.length < 3 || (rounds < 4 && seen.length < 20)) {
      const { code, stderr, faults } = await check();
      seen.push({ code, stderr, faults });
    }
  } finally {
    isOver = true;
    await beside;
  }
  assert.deepEqual(
    seen,
    Array.from(seen, () => ({ code: 0, stderr: "", faults: [] })),
  );
  assert.ok(rounds >= 4 && appends >= 10, `${rounds} rounds, ${appends} appends`);
  await isHealthy();
});
