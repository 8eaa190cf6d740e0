/** What the tests of the AWS engine take for granted of the emulators, and that emulators end. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import { installDynamoDbLocal, startDynamoDbLocal } from "../../scripts/emulators/dynamodb-local.ts";
import type { Emulator } from "../../scripts/emulators/emulator.ts";
import { startOwnS3, startS3 } from "../../scripts/emulators/s3.ts";

const dynamoDbModule = new URL("../../scripts/emulators/dynamodb-local.ts", import.meta.url).href;
const account = { region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } };

async function answers({ endpoint }: Pick<Emulator, "endpoint">): Promise<boolean> {
  return fetch(endpoint).then(
    async (response) => {
      await response.body?.cancel();
      return true;
    },
    () => false,
  );
}

suite("DynamoDB Local", () => {
  let emulator: Emulator;
  let client: DynamoDBClient;
  const item = (sk: string) => ({ TableName: "items", Key: { pk: { S: "a" }, sk: { S: sk } } });
  const numberOf = async (sk: string) => (await client.send(new GetItemCommand({ ...item(sk), ConsistentRead: true }))).Item?.["n"]?.N;

  before(async () => {
    emulator = await startDynamoDbLocal();
    client = new DynamoDBClient({ ...account, endpoint: emulator.endpoint, maxAttempts: 1 });
    await client.send(
      new CreateTableCommand({
        TableName: "items",
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [
          { AttributeName: "pk", KeyType: "HASH" },
          { AttributeName: "sk", KeyType: "RANGE" },
        ],
        AttributeDefinitions: [
          { AttributeName: "pk", AttributeType: "S" },
          { AttributeName: "sk", AttributeType: "S" },
        ],
      }),
    );
  });
  after(async () => {
    client.destroy();
    await emulator.stop();
  });

  test("a conditional update that fails gives the item as it is", async () => {
    await client.send(new PutItemCommand({ TableName: "items", Item: { ...item("1").Key, n: { N: "7" } } }));
    const update = new UpdateItemCommand({
      ...item("1"),
      UpdateExpression: "SET n = n + :one",
      ConditionExpression: "n = :expected",
      ExpressionAttributeValues: { ":one": { N: "1" }, ":expected": { N: "7" } },
      ReturnValues: "ALL_NEW",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    });
    assert.equal((await client.send(update)).Attributes?.["n"]?.N, "8");
    await assert.rejects(client.send(update), (error) => {
      assert.ok(error instanceof ConditionalCheckFailedException);
      assert.deepEqual(error.Item, { ...item("1").Key, n: { N: "8" } });
      return true;
    });
  });

  test("a transaction with one failing condition writes nothing", async () => {
    const put = (sk: string, condition?: string) => ({
      Put: { TableName: "items", Item: { ...item(sk).Key, n: { N: "2" } }, ConditionExpression: condition },
    });
    await client.send(new PutItemCommand({ TableName: "items", Item: { ...item("there").Key, n: { N: "1" } } }));
    await assert.rejects(
      client.send(new TransactWriteItemsCommand({ TransactItems: [put("new"), put("there", "attribute_not_exists(pk)")] })),
      (error) => {
        assert.ok(error instanceof TransactionCanceledException);
        assert.deepEqual(
          error.CancellationReasons?.map(({ Code }) => Code),
          ["None", "ConditionalCheckFailed"],
        );
        return true;
      },
    );
    assert.deepEqual([await numberOf("new"), await numberOf("there")], [undefined, "1"]);
    await client.send(new TransactWriteItemsCommand({ TransactItems: [put("new"), put("there")] }));
    assert.deepEqual([await numberOf("new"), await numberOf("there")], ["2", "2"]);
  });
});

suite("S3", () => {
  let emulator: Emulator;
  let client: S3Client;
  const object = { Bucket: "emulators-test", Key: "a/b" };

  before(async () => {
    emulator = await startS3();
    client = new S3Client({ ...account, endpoint: emulator.endpoint, forcePathStyle: true, maxAttempts: 1 });
    await client.send(new CreateBucketCommand({ Bucket: object.Bucket }));
  });
  after(async () => {
    client.destroy();
    await emulator.stop();
  });

  test("an object is put once if none matches, and read in part", async () => {
    const put = (Body: string) => client.send(new PutObjectCommand({ ...object, Body, IfNoneMatch: "*" }));
    await put("0123456789");
    await assert.rejects(put("other"), (error) => error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412);
    const part = await client.send(new GetObjectCommand({ ...object, Range: "bytes=2-5" }));
    assert.deepEqual([await part.Body?.transformToString(), part.ContentRange], ["2345", "bytes 2-5/10"]);
  });
});

test("what is stopped is dead", async () => {
  for (const start of [startDynamoDbLocal, startOwnS3]) {
    const emulator = await start();
    assert.equal(await answers(emulator), true);
    await emulator.stop();
    assert.equal(await answers(emulator), false);
    await emulator.stop();
  }
});

test("an emulator ends with the process that started it, also when that is killed", async () => {
  await installDynamoDbLocal();
  const code = `const { startDynamoDbLocal } = await import(${JSON.stringify(dynamoDbModule)});
    console.log((await startDynamoDbLocal()).endpoint);
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], { stdio: ["ignore", "pipe", "inherit"] });
  const [printed] = (await once(child.stdout, "data")) as [Buffer];
  const emulator = { endpoint: printed.toString().trim() };
  assert.equal(await answers(emulator), true);
  child.kill("SIGKILL");
  for (let tries = 0; tries < 100 && (await answers(emulator)); tries++) await sleep(100);
  assert.equal(await answers(emulator), false);
});
