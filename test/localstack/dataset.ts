import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { LogClient } from "../../lib/client/index.ts";

const file = new URL("../../node_modules/vega-datasets/data/flights-20k.json", import.meta.url);
const topic = "flights";
const partitions = 6;

/** 20,000 flights (vega-datasets), keyed by their airport: sent, read back, and the same to the byte, in order within each key. */
export async function checkDataset(client: LogClient): Promise<void> {
  const flights = JSON.parse(readFileSync(file, "utf8")) as { readonly origin: string }[];
  const sent = flights.map((flight) => ({ key: flight.origin, value: JSON.stringify(flight) }));
  await client.topics.create({ name: topic, partitions });
  const producer = client.producer({ topic });
  await Promise.all(sent.map((record) => producer.send(record)));
  await producer.close();

  const read: { readonly key: string; readonly value: string }[] = [];
  for await (const { key, value } of client.consume({ topic, from: "earliest" })) {
    read.push({ key: String(key), value: String(value) });
    if (read.length === sent.length) break;
  }
  assert.deepEqual(byKey(read), byKey(sent));
  const { partitionDetails } = await client.topics.get(topic);
  assert.equal(
    partitionDetails.reduce((sum, { highWatermark }) => sum + highWatermark, 0),
    sent.length,
    "each once",
  );
}

function byKey(records: readonly { readonly key: string; readonly value: string }[]): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const { key, value } of records) values.set(key, [...(values.get(key) ?? []), value]);
  return new Map([...values].sort(([one], [other]) => (one < other ? -1 : 1)));
}
