import { mediaTypes } from "../../lib/http/wire.ts";
import { createTopic } from "../support/api.ts";
import type { Child } from "../support/child.ts";
import { fdatasyncMs } from "../support/disk.ts";
import { Connection, httpRequest } from "../support/load.ts";
import { atMost, figure, median, type Metric, percentile } from "../support/metrics.ts";

const requestsPerRound = 300;

/** How long a single record waits for its acknowledgement when nothing else runs, in fdatasyncs of the same disk. */
export async function measureIdle(server: Child, folder: string, rounds: number): Promise<Metric[]> {
  await createTopic(server, "idle", 1);
  const body = Buffer.from(JSON.stringify({ records: [{ value: "x".repeat(100) }] }));
  const request = httpRequest(server.port, { path: "/v1/topics/idle/records", contentType: mediaTypes.json, body });
  const connection = await Connection.open(server.port);
  const acknowledged: number[] = [];
  const synced: number[] = [];
  const ratios: number[] = [];
  try {
    await timed(connection, request, requestsPerRound);
    for (let round = 0; round < rounds; round++) {
      const syncMs = fdatasyncMs(folder, body, requestsPerRound);
      const times = await timed(connection, request, requestsPerRound);
      synced.push(syncMs);
      acknowledged.push(...times);
      ratios.push(median(times) / syncMs);
    }
  } finally {
    connection.close();
  }
  return [
    atMost("single record at idle, median acknowledgement in fdatasyncs", median(ratios), "fdatasyncs", 2),
    figure("single record at idle, median acknowledgement", median(acknowledged), "ms"),
    figure("single record at idle, p99 acknowledgement", percentile(acknowledged, 0.99), "ms"),
    figure("one append and fdatasync, median", median(synced), "ms"),
  ];
}

async function timed(connection: Connection, request: Uint8Array, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let nth = 0; nth < count; nth++) {
    const sent = performance.now();
    await connection.send(request);
    times.push(performance.now() - sent);
  }
  return times;
}
