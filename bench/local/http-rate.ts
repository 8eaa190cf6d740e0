import { mediaTypes } from "../../lib/http/wire.ts";
import { createTopic } from "../support/api.ts";
import type { Child } from "../support/child.ts";
import { httpRequest, runLoad } from "../support/load.ts";
import { atLeast, figure, median, type Metric } from "../support/metrics.ts";

const requestsPerRound = 6_000;
const connections = 64;

/** JSON requests of 100 records of 100 B beside a bare `node:http` echo of the same bodies. */
export async function measureHttp(server: Child, bare: Child, rounds: number): Promise<Metric[]> {
  await createTopic(server, "json", 6);
  const records = Array.from({ length: 100 }, (_, nth) => ({ key: `key-${nth}`, value: `${nth}:`.padEnd(100, "abcdefghij") }));
  const body = Buffer.from(JSON.stringify({ records }));
  const rate = async (child: Child): Promise<number> => {
    const request = httpRequest(child.port, { path: "/v1/topics/json/records", contentType: mediaTypes.json, body });
    const { requests, elapsedMs } = await runLoad(child.port, connections, requestsPerRound, () => request);
    return requests / (elapsedMs / 1000);
  };
  await rate(bare);
  await rate(server);
  const bareRates: number[] = [];
  const rates: number[] = [];
  for (let round = 0; round < rounds; round++) {
    bareRates.push(await rate(bare));
    rates.push(await rate(server));
  }
  const ratios = rates.map((value, round) => value / (bareRates[round] ?? Number.NaN));
  return [
    atLeast("JSON requests of 100 x 100 B, share of a bare HTTP echo", median(ratios), "ratio", 0.3),
    figure("JSON requests of 100 x 100 B", median(rates), "requests/s"),
    figure("bare HTTP echo of the same bodies", median(bareRates), "requests/s"),
  ];
}
