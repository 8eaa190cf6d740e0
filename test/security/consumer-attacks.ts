import { type Attack, get, post, put } from "./attack.ts";

const lambda = "arn:aws:lambda:us-east-1:000000000000:function:evil";

/** Requests about triggered consumers that are refused, with nothing changed. */
export const consumerAttacks: readonly Attack[] = [
  get("a consumer that climbs", "/v1/consumers/..%2f..%2facls", [400, 404]),
  get("a null character in a consumer", "/v1/consumers/hidden%00/status", 400),
  put("a line break in a consumer", "/v1/consumers/own%0d%0aset-cookie:%20a=b", { topic: "own", target: lambda }, 400),
  put("a prototype in a consumer", "/v1/consumers/evil", `{"topic":"own","target":"${lambda}","__proto__":{"enabled":false}}`, 400),
  put("a consumer of a topic named as a prototype", "/v1/consumers/evil", { topic: "__proto__", target: lambda }, 404),
  ...["http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "local:../../evil.ts", `${lambda}\r\nx: y`].map((target) =>
    put(`a consumer that calls ${JSON.stringify(target)}`, "/v1/consumers/evil", { topic: "own", target }, 400),
  ),
  ...["http://169.254.169.254/", "kafka://../hidden-orders", "arn:aws:iam::123456789012:role/Admin"].map((onFailure) =>
    put(`a consumer whose failures go to ${onFailure}`, "/v1/consumers/evil", { topic: "own", target: lambda, onFailure }, 400),
  ),
  put(
    "a filter nested deep",
    "/v1/consumers/evil",
    { topic: "own", target: lambda, filters: [`${'{"value":'.repeat(10_000)}["x"]${"}".repeat(10_000)}`] },
    400,
  ),
  put("a consumer in the group of members", "/v1/consumers/hidden-readers", { topic: "own", target: lambda }, 409),
  post(
    "a dead letter's id that climbs",
    "/v1/consumers/hidden-trigger/redrive",
    '{"ids":["../hidden-orders/00000/0000000000000000000"]}',
    400,
  ),
];
