import { mediaTypes } from "../../lib/http/wire.ts";
import { createTopic } from "../support/api.ts";
import type { Child } from "../support/child.ts";
import { SequentialWriter } from "../support/disk.ts";
import { Connection, httpRequest } from "../support/load.ts";
import { atMost, figure, median, type Metric, percentile } from "../support/metrics.ts";

const requestsPerRound = 300;
const warmUpRequests = 3_000;

/**
 * How long a single record waits for its acknowledgement when nothing else runs, in fdatasyncs of the same disk: a request and a
 * forced write of the same bytes by turns, so that both find the machine in the same state.
 */
export async function measureIdle(server: Child, folder: string, rounds: number): Promise<Metric[]> {
  await createTopic(server, "idle", 1);
  const body = Buffer.from(JSON.stringify({ records: [{ value: "x".repeat(100) }] }));
  const request = httpRequest(server.port, { path: "/v1/topics/idle/records", contentType: mediaTypes.json, body });
  const connection = await Connection.open(server.port);
  const writer = new SequentialWriter(folder);
  const acknowledgedMs: number[] = [];
  const forcedMs: number[] = [];
  try {
    for (let nth = 0; nth < warmUpRequests; nth++) await connection.send(request);
    for (let nth = 0; nth < rounds * requestsPerRound; nth++) {
      forcedMs.push(writer.writeMs(body, 1));
      const sent = performance.now();
      await connection.send(request);
      acknowledgedMs.push(performance.now() - sent);
    }
  } finally {
    connection.close();
    writer.close();
  }
  return [
    atMost("single record at idle, median acknowledgement in fdatasyncs", median(acknowledgedMs) / median(forcedMs), "fdatasyncs", 2),
    figure("single record at idle, median acknowledgement", median(acknowledgedMs), "ms"),
    figure("single record at idle, p99 acknowledgement", percentile(acknowledgedMs, 0.99), "ms"),
    figure("one write and fdatasync of the same bytes, median", median(forcedMs), "ms"),
  ];
}
