import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { sdkTable } from "../../../../lib/engines/aws/sdk-table.ts";

const key = { pk: "p", sk: "s" };
const sdkKey = { pk: { S: "p" }, sk: { S: "s" } };

/** A client that answers always the same, and shows what it was asked. */
function fake(answer: object) {
  const sent: [command: string, input: unknown][] = [];
  const client = {
    send: (command: { readonly input: unknown }) => {
      sent.push([command.constructor.name, command.input]);
      return Promise.resolve(answer);
    },
  };
  return { table: sdkTable(client as unknown as DynamoDBClient, "t"), sent };
}

describe("the SDK's table", () => {
  it("reads strongly unless told otherwise", async () => {
    const { table, sent } = fake({ Item: sdkKey });
    assert.deepEqual(await table.get(key), sdkKey);
    await table.get(key, { isEventual: true });
    assert.deepEqual(sent, [
      ["GetItemCommand", { TableName: "t", Key: sdkKey, ConsistentRead: true }],
      ["GetItemCommand", { TableName: "t", Key: sdkKey, ConsistentRead: false }],
    ]);
    assert.equal(await fake({}).table.get(key), undefined);
  });

  it("asks for the item after an update, and for the one that a failed condition met", async () => {
    const { table, sent } = fake({ Attributes: { ...sdkKey, n: { N: "1" } } });
    const change = { update: "SET #n = :n", condition: "a = :n", names: { "#n": "n" }, values: { ":n": { N: "1" } } };
    assert.deepEqual(await table.update(key, change), { ...sdkKey, n: { N: "1" } });
    await table.put({ ...sdkKey }, { condition: "attribute_not_exists(pk)", names: {}, values: {} });
    await table.put({ ...sdkKey });
    await table.delete(key, { condition: "n = :n", values: { ":n": { N: "1" } } });
    const terms = { ExpressionAttributeNames: { "#n": "n" }, ExpressionAttributeValues: { ":n": { N: "1" } } };
    const old = { ReturnValuesOnConditionCheckFailure: "ALL_OLD" };
    assert.deepEqual(sent, [
      [
        "UpdateItemCommand",
        {
          TableName: "t",
          Key: sdkKey,
          UpdateExpression: "SET #n = :n",
          ConditionExpression: "a = :n",
          ...terms,
          ...old,
          ReturnValues: "ALL_NEW",
        },
      ],
      ["PutItemCommand", { TableName: "t", Item: sdkKey, ConditionExpression: "attribute_not_exists(pk)", ...old }],
      ["PutItemCommand", { TableName: "t", Item: sdkKey }],
      [
        "DeleteItemCommand",
        { TableName: "t", Key: sdkKey, ConditionExpression: "n = :n", ExpressionAttributeValues: { ":n": { N: "1" } }, ...old },
      ],
    ]);
  });

  it("asks for one page of a query", async () => {
    const { table, sent } = fake({ Items: [sdkKey], LastEvaluatedKey: sdkKey });
    assert.deepEqual(await table.query({ pk: "p", from: "a", to: "c", limit: 5 }), { items: [sdkKey], hasMore: true });
    await table.query({ pk: "p", prefix: "a", limit: 5, descending: true, after: "ab", isEventual: true, keysOnly: true });
    const [between, prefix] = sent.map(([, input]) => input as Record<string, unknown>);
    assert.equal(between?.["KeyConditionExpression"], "pk = :pk AND sk BETWEEN :from AND :to");
    assert.deepEqual(prefix, {
      TableName: "t",
      KeyConditionExpression: "pk = :pk AND begins_with(sk, :prefix)",
      ExpressionAttributeValues: { ":pk": { S: "p" }, ":prefix": { S: "a" } },
      ScanIndexForward: false,
      Limit: 5,
      ConsistentRead: false,
      ProjectionExpression: "pk, sk",
      ExclusiveStartKey: { pk: { S: "p" }, sk: { S: "ab" } },
    });
  });

  it("sends a transaction with its token", async () => {
    const { table, sent } = fake({});
    const condition = { condition: "attribute_exists(pk)" };
    await table.transact(
      [
        { kind: "put", item: sdkKey, condition },
        { kind: "update", key, change: { update: "REMOVE a" } },
        { kind: "delete", key },
        { kind: "check", key, condition },
      ],
      "token",
    );
    const checked = { ConditionExpression: "attribute_exists(pk)", ReturnValuesOnConditionCheckFailure: "ALL_OLD" };
    assert.deepEqual(sent, [
      [
        "TransactWriteItemsCommand",
        {
          ClientRequestToken: "token",
          TransactItems: [
            { Put: { TableName: "t", Item: sdkKey, ...checked } },
            { Update: { TableName: "t", Key: sdkKey, UpdateExpression: "REMOVE a" } },
            { Delete: { TableName: "t", Key: sdkKey } },
            { ConditionCheck: { TableName: "t", Key: sdkKey, ...checked } },
          ],
        },
      ],
    ]);
  });

  it("refuses attributes of types that are not the engine's, but does not say of a write that it was not done", async () => {
    const alien = { ...sdkKey, m: { M: { l: { L: [{ BOOL: true }] } } } };
    await assert.rejects(fake({ Item: alien }).table.get(key), { name: "StoreFault", kind: "refused" });
    await assert.rejects(fake({ Items: [alien] }).table.query({ pk: "p", limit: 1 }), { name: "StoreFault", kind: "refused" });
    await assert.rejects(fake({ Attributes: alien }).table.update(key, { update: "REMOVE a" }), { name: "StoreFault", kind: "unknown" });
  });
});
