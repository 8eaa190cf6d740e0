import { mediaTypes } from "../../lib/http/wire.ts";
import { createTopic } from "../support/api.ts";
import type { Child } from "../support/child.ts";
import { httpRequest, runLoad } from "../support/load.ts";
import { atLeast, figure, median, type Metric } from "../support/metrics.ts";

const requestsPerRound = 6_000;
const connections = 64;

/** JSON requests of 100 records of 100 B beside a bare `node:http` echo of the same bodies; without keys, and keyed to 6 partitions in 2 shards. */
export async function measureHttp(server: Child, bare: Child, rounds: number): Promise<Metric[]> {
  await createTopic(server, "json", 6);
  const plain = bodyOf((nth) => ({ value: `${nth}:`.padEnd(100, "abcdefghij") }));
  const keyed = bodyOf((nth) => ({ key: `key-${nth}`, value: `${nth}:`.padEnd(100, "abcdefghij") }));
  for (const body of [plain, keyed]) for (const child of [bare, server]) await rate(child, body);
  const speeds = [];
  for (let round = 0; round < rounds; round++) {
    const bareRate = await rate(bare, plain);
    speeds.push({ bare: bareRate, plain: await rate(server, plain), bareKeyed: await rate(bare, keyed), keyed: await rate(server, keyed) });
  }
  return [
    atLeast("JSON requests of 100 x 100 B, share of a bare HTTP echo", median(speeds.map((one) => one.plain / one.bare)), "ratio", 0.3),
    figure("JSON requests of 100 x 100 B", median(speeds.map((one) => one.plain)), "requests/s"),
    figure("bare HTTP echo of the same bodies", median(speeds.map((one) => one.bare)), "requests/s"),
    figure("the same, keyed to 6 partitions: share of a bare HTTP echo", median(speeds.map((one) => one.keyed / one.bareKeyed)), "ratio"),
  ];
}

function bodyOf(record: (nth: number) => object): Buffer {
  return Buffer.from(JSON.stringify({ records: Array.from({ length: 100 }, (_, nth) => record(nth)) }));
}

async function rate(child: Child, body: Buffer): Promise<number> {
  const request = httpRequest(child.port, { path: "/v1/topics/json/records", contentType: mediaTypes.json, body });
  const { requests, elapsedMs } = await runLoad(child.port, connections, requestsPerRound, () => request);
  return requests / (elapsedMs / 1000);
}
