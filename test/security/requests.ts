import { routes } from "../../lib/http/routes/index.ts";
import type { Route } from "../../lib/http/route.ts";

export interface Attempt {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

const right = '{"resourceType":"TOPIC","resourceName":"hidden-orders","principal":"User:eve","operation":"ALL","permission":"ALLOW"}';

/** What an attacker would ask of each operation, by its id: to read, write or delete what is hidden, and to get rights. */
export const attempts: Readonly<Record<string, Attempt>> = {
  createTopic: { method: "POST", path: "/topics", body: '{"name":"evil"}' },
  listTopics: { method: "GET", path: "/topics" },
  describeTopic: { method: "GET", path: "/topics/hidden-orders" },
  alterTopic: { method: "PATCH", path: "/topics/hidden-orders", body: '{"partitions":9,"config":{"retention.ms":1}}' },
  deleteRecords: { method: "DELETE", path: "/topics/hidden-orders/partitions/0/records?before=latest" },
  deleteTopic: { method: "DELETE", path: "/topics/hidden-orders" },
  produce: { method: "POST", path: "/topics/hidden-orders/records", body: '{"records":[{"value":"evil"}]}' },
  followTopic: { method: "GET", path: "/topics/hidden-orders/records?offset=earliest" },
  fetch: { method: "GET", path: "/topics/hidden-orders/partitions/0/records?offset=0" },
  findOffsets: { method: "GET", path: "/topics/hidden-orders/offsets" },
  listGroups: { method: "GET", path: "/groups" },
  describeGroup: { method: "GET", path: "/groups/hidden-readers" },
  deleteGroup: { method: "DELETE", path: "/groups/hidden-readers" },
  heartbeat: { method: "POST", path: "/groups/hidden-readers/members/eve", body: '{"topics":["hidden-orders"]}' },
  leaveGroup: { method: "DELETE", path: "/groups/hidden-readers/members/vault-1" },
  groupOffsets: { method: "GET", path: "/groups/hidden-readers/offsets" },
  commitOffsets: {
    method: "POST",
    path: "/groups/hidden-idle/offsets",
    body: '{"offsets":[{"topic":"hidden-orders","partition":0,"offset":0}]}',
  },
  commitTransaction: {
    method: "POST",
    path: "/groups/hidden-readers/members/vault-1/transactions",
    body: '{"generation":1,"offsets":[{"topic":"hidden-orders","partition":0,"offset":1}],"records":[{"topic":"hidden-orders","value":"evil"}]}',
  },
  fetchGroup: { method: "GET", path: "/groups/hidden-readers/records?member=vault-1&generation=99999999999" },
  groupLag: { method: "GET", path: "/groups/hidden-readers/lag" },
  listConsumers: { method: "GET", path: "/consumers" },
  describeConsumer: { method: "GET", path: "/consumers/hidden-trigger" },
  consumerStatus: { method: "GET", path: "/consumers/hidden-trigger/status" },
  putConsumer: {
    method: "PUT",
    path: "/consumers/hidden-trigger",
    body: '{"topic":"hidden-orders","target":"arn:aws:lambda:us-east-1:000000000000:function:evil","startingPosition":"TRIM_HORIZON"}',
  },
  alterConsumer: { method: "PATCH", path: "/consumers/hidden-trigger", body: '{"enabled":false}' },
  deleteConsumer: { method: "DELETE", path: "/consumers/hidden-trigger" },
  listDeadLetters: { method: "GET", path: "/consumers/hidden-trigger/dead-letters" },
  forgetDeadLetter: { method: "DELETE", path: "/consumers/hidden-trigger/dead-letters?id=hidden-orders/00000/0000000000000000000" },
  redriveDeadLetters: { method: "POST", path: "/consumers/hidden-trigger/redrive", body: "{}" },
  listAcls: { method: "GET", path: "/acls" },
  createAcls: { method: "POST", path: "/acls", body: `{"acls":[${right}]}` },
  deleteAcls: { method: "DELETE", path: "/acls?principal=User:treasurer" },
  listTokens: { method: "GET", path: "/tokens" },
  createToken: { method: "POST", path: "/tokens", body: '{"principal":"User:treasurer"}' },
  deleteToken: { method: "DELETE", path: "/tokens/0123456789abcdef" },
  metrics: { method: "GET", path: "/metrics" },
  listQuotas: { method: "GET", path: "/quotas" },
  alterQuota: { method: "PATCH", path: "/quotas", body: '{"principal":"User:treasurer","requestRate":1}' },
  health: { method: "GET", path: "/health" },
  openApi: { method: "GET", path: "/openapi.json" },
};

/** What everyone with valid credentials may ask: a list has only what they may see. */
export const forEveryone: ReadonlySet<string> = new Set(["listTopics", "listGroups", "listConsumers", "health", "openApi"]);

export const operationIds: readonly string[] = Object.values<Route>(routes).flatMap(({ operations }) =>
  Object.values(operations).map(({ id }) => id),
);
