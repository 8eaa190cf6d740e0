import { mediaTypes } from "../../lib/http/wire.ts";
import { createTopic } from "../support/api.ts";
import { batchOf } from "../support/batch.ts";
import type { Child } from "../support/child.ts";
import { httpRequest, runLoad } from "../support/load.ts";
import { atMost, figure, type Metric } from "../support/metrics.ts";

const pieces = 20;
const megabyte = 1_000_000;

/** The server's resident memory while data passes through it: the most of the last three quarters beside the most of the first. */
export async function measureMemory(server: Child, gigabytes: number): Promise<Metric[]> {
  await createTopic(server, "memory", 6);
  const batch = batchOf(256 * 1024);
  const batchesPerPiece = Math.ceil((gigabytes * 1e9) / batch.byteLength / pieces);
  const requests = [0, 1, 2, 3, 4, 5].map((partition) =>
    httpRequest(server.port, {
      path: `/v1/topics/memory/records?partition=${partition}`,
      contentType: mediaTypes.recordBatch,
      body: batch,
    }),
  );
  const samples: number[] = [];
  for (let piece = 0; piece < pieces; piece++) {
    await runLoad(server.port, 8, batchesPerPiece, (nth) => requests[nth % requests.length] as Buffer);
    samples.push((await server.memoryBytes()) / megabyte);
  }
  const early = Math.max(...samples.slice(0, pieces / 4));
  const late = Math.max(...samples.slice(pieces / 4));
  return [
    atMost(`memory while ${gigabytes} GB pass: later most over the first quarter's`, late / early, "ratio", 1.2),
    figure(`memory while ${gigabytes} GB pass: most`, Math.max(early, late), "MB"),
  ];
}
