import { mediaTypes } from "../../lib/http/wire.ts";
import { createTopic } from "../support/api.ts";
import { batchOf } from "../support/batch.ts";
import type { Child } from "../support/child.ts";
import { SequentialWriter } from "../support/disk.ts";
import { httpRequest, runLoad } from "../support/load.ts";
import { atLeast, figure, median, type Metric } from "../support/metrics.ts";

/** A round is this many turns of each side, so short that a disk that slows down and speeds up does so for both. */
const turnsPerRound = 8;
const batchesPerTurn = 32;
const writers = 16;
const readers = 4;

/** Raw batches of 1 MiB beside a sequential write and fdatasync of the same bytes, and read back. */
export async function measureThroughput(server: Child, folder: string, rounds: number): Promise<Metric[]> {
  await createTopic(server, "raw", 1);
  const batch = batchOf(1024 * 1024);
  const recordsOfBatch = new DataView(batch.buffer, batch.byteOffset).getInt32(57);
  const write = httpRequest(server.port, { path: "/v1/topics/raw/records?partition=0", contentType: mediaTypes.recordBatch, body: batch });
  const disk = new SequentialWriter(folder);
  let readTo = 0;
  const writeTurn = async (): Promise<number> => (await runLoad(server.port, writers, batchesPerTurn, () => write)).elapsedMs;
  const readTurn = async (): Promise<number> => {
    const start = readTo;
    readTo += batchesPerTurn;
    const { elapsedMs, responseBytes } = await runLoad(server.port, readers, batchesPerTurn, (nth) => {
      const path = `/v1/topics/raw/partitions/0/records?offset=${(start + nth) * recordsOfBatch}&maxBytes=${batch.byteLength}`;
      return httpRequest(server.port, { method: "GET", path, accept: mediaTypes.recordBatch });
    });
    if (responseBytes !== batchesPerTurn * batch.byteLength) throw new Error(`read ${responseBytes} bytes of ${batchesPerTurn} batches`);
    return elapsedMs;
  };
  const round = async () => {
    const sum = { disk: 0, write: 0, read: 0 };
    for (let turn = 0; turn < turnsPerRound; turn++) {
      if (turn % 2 === 0) sum.disk += disk.writeMs(batch, batchesPerTurn);
      sum.write += await writeTurn();
      if (turn % 2 === 1) sum.disk += disk.writeMs(batch, batchesPerTurn);
      sum.read += await readTurn();
    }
    const megabytes = (turnsPerRound * batchesPerTurn * batch.byteLength) / 1e6;
    const speed = (ms: number): number => megabytes / (ms / 1000);
    return { disk: speed(sum.disk), write: speed(sum.write), read: speed(sum.read) };
  };
  try {
    await round();
    const speeds = [];
    for (let nth = 0; nth < rounds; nth++) speeds.push(await round());
    return [
      atLeast(
        "raw batches of 1 MiB, share of sequential write + fdatasync",
        median(speeds.map((one) => one.write / one.disk)),
        "ratio",
        0.6,
      ),
      atLeast("reading, times writing", median(speeds.map((one) => one.read / one.write)), "ratio", 2),
      figure("raw batches of 1 MiB, written", median(speeds.map((one) => one.write)), "MB/s"),
      figure("raw batches of 1 MiB, read", median(speeds.map((one) => one.read)), "MB/s"),
      figure("sequential write + fdatasync of the same bytes", median(speeds.map((one) => one.disk)), "MB/s"),
    ];
  } finally {
    disk.close();
  }
}
