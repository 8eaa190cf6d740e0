import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { AttributeValue, DynamoDBClient, QueryCommandInput, TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { sent } from "./sdk-faults.ts";
import { fromSdk, toSdk } from "./sdk-values.ts";
import type { Change, Condition, Key, Query, Table, Terms, TransactWrite } from "./table.ts";

/** The table over the AWS SDK. The client has to be made with `maxAttempts: 1`: this engine knows itself what may be repeated. */
export function sdkTable(client: DynamoDBClient, tableName: string): Table {
  const table = { TableName: tableName };
  return {
    async get(key, { isEventual = false } = {}) {
      const command = new GetItemCommand({ ...table, Key: sdkKey(key), ConsistentRead: !isEventual });
      const { Item: item } = await sent(client.send(command));
      return item && fromSdk(item, "refused");
    },
    async put(item, condition) {
      await sent(client.send(new PutItemCommand({ ...table, Item: toSdk(item), ...conditionInput(condition) })));
    },
    async update(key, change) {
      const command = new UpdateItemCommand({ ...table, Key: sdkKey(key), ...changeInput(change), ReturnValues: "ALL_NEW" });
      const { Attributes: item } = await sent(client.send(command));
      // It was written, whatever comes back.
      return fromSdk(item ?? {}, "unknown");
    },
    async delete(key, condition) {
      await sent(client.send(new DeleteItemCommand({ ...table, Key: sdkKey(key), ...conditionInput(condition) })));
    },
    async query(request) {
      const { Items: items = [], LastEvaluatedKey: last } = await sent(client.send(new QueryCommand({ ...table, ...queryInput(request) })));
      return { items: items.map((item) => fromSdk(item, "refused")), hasMore: last !== undefined };
    },
    async transact(writes, token) {
      const command = new TransactWriteItemsCommand({
        TransactItems: writes.map((write) => transactInput(write, table)),
        ClientRequestToken: token,
      });
      await sent(client.send(command));
    },
  };
}

function sdkKey({ pk, sk }: Key): Record<string, AttributeValue> {
  return { pk: { S: pk }, sk: { S: sk } };
}

interface TermsInput {
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, AttributeValue>;
}

/** An empty map would be refused. */
function termsInput({ names = {}, values = {} }: Terms): TermsInput {
  return {
    ...(Object.keys(names).length > 0 ? { ExpressionAttributeNames: names } : {}),
    ...(Object.keys(values).length > 0 ? { ExpressionAttributeValues: toSdk(values) } : {}),
  };
}

const tellsItem = { ReturnValuesOnConditionCheckFailure: "ALL_OLD" } as const;

function conditionInput(condition: Condition | undefined) {
  if (condition === undefined) return {};
  return { ConditionExpression: condition.condition, ...termsInput(condition), ...tellsItem };
}

function changeInput(change: Change) {
  const { update, condition } = change;
  return {
    UpdateExpression: update,
    ...(condition === undefined ? {} : { ConditionExpression: condition, ...tellsItem }),
    ...termsInput(change),
  };
}

function transactInput(write: TransactWrite, table: { readonly TableName: string }): TransactWriteItem {
  switch (write.kind) {
    case "put":
      return { Put: { ...table, Item: toSdk(write.item), ...conditionInput(write.condition) } };
    case "update":
      return { Update: { ...table, Key: sdkKey(write.key), ...changeInput(write.change) } };
    case "delete":
      return { Delete: { ...table, Key: sdkKey(write.key), ...conditionInput(write.condition) } };
    case "check": {
      const { condition } = write;
      return {
        ConditionCheck: {
          ...table,
          Key: sdkKey(write.key),
          ConditionExpression: condition.condition,
          ...termsInput(condition),
          ...tellsItem,
        },
      };
    }
  }
}

function queryInput({
  pk,
  from,
  to,
  prefix,
  after,
  descending = false,
  limit,
  isEventual = false,
  keysOnly = false,
}: Query): Omit<QueryCommandInput, "TableName"> {
  const conditions = ["pk = :pk"];
  const values: Record<string, AttributeValue> = { ":pk": { S: pk } };
  const bounds = Object.entries({ ":from": from, ":to": to, ":prefix": prefix });
  for (const [name, bound] of bounds) if (bound !== undefined) values[name] = { S: bound };
  if (prefix !== undefined) conditions.push("begins_with(sk, :prefix)");
  if (from !== undefined) conditions.push(to === undefined ? "sk >= :from" : "sk BETWEEN :from AND :to");
  else if (to !== undefined) conditions.push("sk <= :to");
  return {
    KeyConditionExpression: conditions.join(" AND "),
    ExpressionAttributeValues: values,
    ScanIndexForward: !descending,
    Limit: limit,
    ConsistentRead: !isEventual,
    ...(keysOnly && { ProjectionExpression: "pk, sk" }),
    ...(after === undefined ? {} : { ExclusiveStartKey: sdkKey({ pk, sk: after }) }),
  };
}
