import { mediaTypes } from "../../lib/http/wire.ts";
import { createTopic } from "../support/api.ts";
import { batchOf } from "../support/batch.ts";
import type { Child } from "../support/child.ts";
import { sequentialWriteMBs } from "../support/disk.ts";
import { httpRequest, runLoad } from "../support/load.ts";
import { atLeast, figure, median, type Metric } from "../support/metrics.ts";

const batchesPerRound = 256;
const writers = 8;
const readers = 4;

/** Raw batches of 1 MiB beside a sequential write and fdatasync of the same bytes, and read back. */
export async function measureThroughput(server: Child, folder: string, rounds: number): Promise<Metric[]> {
  await createTopic(server, "raw", 1);
  const batch = batchOf(1024 * 1024);
  const recordsOfBatch = new DataView(batch.buffer, batch.byteOffset).getInt32(57);
  const write = httpRequest(server.port, { path: "/v1/topics/raw/records?partition=0", contentType: mediaTypes.recordBatch, body: batch });
  let readTo = 0;
  const writeMBs = async (): Promise<number> => {
    const { elapsedMs } = await runLoad(server.port, writers, batchesPerRound, () => write);
    return (batchesPerRound * batch.byteLength) / 1000 / elapsedMs;
  };
  const readMBs = async (): Promise<number> => {
    const start = readTo;
    readTo += batchesPerRound;
    const { elapsedMs, responseBytes } = await runLoad(server.port, readers, batchesPerRound, (nth) => {
      const path = `/v1/topics/raw/partitions/0/records?offset=${(start + nth) * recordsOfBatch}&maxBytes=${batch.byteLength}`;
      return httpRequest(server.port, { method: "GET", path, accept: mediaTypes.recordBatch });
    });
    if (responseBytes !== batchesPerRound * batch.byteLength) throw new Error(`read ${responseBytes} bytes of ${batchesPerRound} batches`);
    return responseBytes / 1000 / elapsedMs;
  };
  await writeMBs();
  await readMBs();
  const rows: { disk: number; write: number; read: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const disk = sequentialWriteMBs(folder, batch, batchesPerRound);
    rows.push({ disk, write: await writeMBs(), read: await readMBs() });
  }
  return [
    atLeast(
      "raw batches of 1 MiB, share of sequential write + fdatasync",
      median(rows.map(({ write, disk }) => write / disk)),
      "ratio",
      0.6,
    ),
    atLeast("reading, times writing", median(rows.map(({ read, write }) => read / write)), "ratio", 2),
    figure("raw batches of 1 MiB, written", median(rows.map((row) => row.write)), "MB/s"),
    figure("raw batches of 1 MiB, read", median(rows.map((row) => row.read)), "MB/s"),
    figure("sequential write + fdatasync of the same bytes", median(rows.map((row) => row.disk)), "MB/s"),
  ];
}
