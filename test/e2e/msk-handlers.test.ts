/** Handlers as they are written for Amazon MSK get Stratalog's events unchanged. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { kafkaConsumer, SchemaType } from "@aws-lambda-powertools/kafka";
import type { MSKEvent as PowertoolsEvent } from "@aws-lambda-powertools/kafka/types";
import { KafkaMskEventSchema } from "@aws-lambda-powertools/parser/schemas/kafka";
import type { Context, MSKEvent, MSKHandler } from "aws-lambda";
import { z } from "zod";
import { failedFrom } from "../../lib/core/delivery/batch-response.ts";
import { mskEvent } from "../../lib/core/delivery/msk-event.ts";
import type { StoredRecord } from "../../lib/core/record.ts";

const utf8 = new TextEncoder();
const source = { eventSourceArn: "arn:aws:kafka:eu-central-1:123456789012:cluster/log/1", bootstrapServers: "one:9092,two:9092" };
const context = {} as Context;

function record(offset: number, parts: Partial<StoredRecord>): StoredRecord {
  return { offset, timestampMs: 1_700_000_000_000 + offset, key: null, value: null, headers: [], ...parts };
}

const json = (value: unknown) => utf8.encode(JSON.stringify(value));
const binaryKey = Uint8Array.from({ length: 256 }, (_, byte) => byte);

const records: readonly StoredRecord[] = [
  record(4, { key: utf8.encode("k"), value: json({ id: 1, name: "Zoë" }) }),
  record(5, { value: json({ id: 2, name: "no key" }) }),
  record(6, { key: binaryKey, value: json({ id: 3, name: "binary key" }) }),
  record(9, {
    value: json({ id: 4, name: "headers" }),
    headers: [
      { key: "trace", value: utf8.encode("one") },
      { key: "trace", value: utf8.encode("two") },
      { key: "city", value: utf8.encode("Zürich 雪") },
      { key: "empty", value: new Uint8Array() },
      { key: "null", value: null },
    ],
  }),
];
const tombstone = record(11, { key: utf8.encode("gone") });
const all = [...records, tombstone];

/** The event as a function gets it: through JSON. */
function received(list: readonly StoredRecord[]): unknown {
  return JSON.parse(JSON.stringify(mskEvent(source, "orders", 7, list, "CREATE_TIME")));
}

/** A handler as its author wrote it calls back, answers at once, or answers a promise. */
async function invoke(handler: MSKHandler, event: unknown): Promise<void> {
  await handler(event as MSKEvent, context, () => undefined);
}

test("a handler with the types of @types/aws-lambda", async () => {
  const seen: StoredRecord[] = [];
  const handler: MSKHandler = async (event) => {
    assert.equal(event.eventSource, "aws:kafka");
    assert.deepEqual(event.bootstrapServers.split(","), ["one:9092", "two:9092"]);
    for (const [partition, list] of Object.entries(event.records)) {
      for (const { topic, partition: number, offset, timestamp, key, value, headers } of list) {
        assert.equal(partition, `${topic}-${number}`);
        seen.push({
          offset,
          timestampMs: timestamp,
          // The types say that key and value are always there; in Lambda's events they are not.
          key: bytes(key),
          value: bytes(value),
          headers: headers.flatMap((header) => Object.entries(header).map(([name, list]) => ({ key: name, value: Uint8Array.from(list) }))),
        });
      }
    }
    await Promise.resolve();
  };
  await invoke(handler, received(all));
  // A header whose value is null has no name in Lambda's events.
  const expected = all.map((one) => ({ ...one, headers: one.headers.filter(({ value }) => value !== null) }));
  assert.deepEqual(seen, expected);
});

function bytes(base64: string | undefined): Uint8Array | null {
  return base64 === undefined ? null : Uint8Array.from(Buffer.from(base64, "base64"));
}

const order = z.object({ id: z.number(), name: z.string() });

test("kafkaConsumer of Powertools, with JSON values and a schema", async () => {
  const handler = kafkaConsumer<string, z.infer<typeof order>>(
    async (event) => {
      await Promise.resolve();
      return event.records.map(({ key, value, headers, topic, partition, offset, originalKey }) => ({
        key,
        value,
        headers,
        originalKey,
        place: `${topic} ${partition} ${offset}`,
      }));
    },
    { value: { type: SchemaType.JSON, parserSchema: order } },
  );
  const seen = (await handler(received(all) as PowertoolsEvent, context)) as readonly Record<string, unknown>[];
  assert.deepEqual(
    seen.map(({ value }) => value),
    [{ id: 1, name: "Zoë" }, { id: 2, name: "no key" }, { id: 3, name: "binary key" }, { id: 4, name: "headers" }, undefined],
  );
  const keys = seen.map(({ key, originalKey }) => (originalKey === Buffer.from(binaryKey).toString("base64") ? "binary" : key));
  assert.deepEqual(keys, ["k", undefined, "binary", undefined, "gone"]);
  assert.deepEqual(
    seen.map(({ place }) => place),
    [4, 5, 6, 9, 11].map((offset) => `orders 7 ${offset}`),
  );
  assert.deepEqual(seen[3]?.["headers"], [{ trace: "one" }, { trace: "two" }, { city: "Zürich 雪" }, { empty: "" }, {}]);
});

test("KafkaMskEventSchema of Powertools' parser", () => {
  const ascii = records.map((one) => ({ ...one, headers: one.headers.filter(({ key }) => key !== "city") }));
  const event = KafkaMskEventSchema.parse(received(ascii));
  assert.deepEqual(event.bootstrapServers, ["one:9092", "two:9092"]);
  assert.equal(event.eventSourceArn, source.eventSourceArn);
  const parsed = event.records["orders-7"];
  assert.deepEqual(
    parsed?.map(({ offset, timestampType, key, value }) => ({ offset, timestampType, key, value: order.parse(JSON.parse(value)).id })),
    [
      { offset: 4, key: "k", value: 1 },
      { offset: 5, key: undefined, value: 2 },
      { offset: 6, key: Buffer.from(binaryKey).toString(), value: 3 },
      { offset: 9, key: undefined, value: 4 },
    ].map((one) => ({ timestampType: "CREATE_TIME", ...one })),
  );
  assert.deepEqual(parsed?.at(-1)?.headers, [{ trace: "one" }, { trace: "two" }, { empty: "" }, {}]);
});

test("what the parser's schema does not take of Lambda's events, it does not take of ours", () => {
  // It wants a value in each record, and header bytes as code points, where Lambda leaves the one out and gives the others signed.
  assert.equal(KafkaMskEventSchema.safeParse(received([tombstone])).success, false);
  assert.throws(() => KafkaMskEventSchema.safeParse(received(records)), RangeError);
});

test("an event whose records were all filtered out is still one that each of them takes", async () => {
  const event = received([]);
  await invoke((given) => assert.deepEqual(given.records, {}), event);
  assert.deepEqual(
    await kafkaConsumer(async ({ records: list }) => await Promise.resolve(list), { value: { type: SchemaType.JSON } })(
      event as PowertoolsEvent,
      context,
    ),
    [],
  );
  assert.deepEqual(KafkaMskEventSchema.parse(event).records, {});
});

test("a handler's answer in Kafka's form says where to go on", async () => {
  const handler = kafkaConsumer<string, z.infer<typeof order>>(
    async ({ records: list }) => {
      const failures = list.filter(({ offset }) => offset === 6 || offset === 9);
      const batchItemFailures = failures.map(({ topic, partition, offset }) => ({
        itemIdentifier: { partition: `${topic}-${partition}`, offset },
      }));
      return await Promise.resolve({ batchItemFailures });
    },
    { value: { type: SchemaType.JSON } },
  );
  const answer: unknown = JSON.parse(JSON.stringify(await handler(received(all) as PowertoolsEvent, context)));
  assert.equal(failedFrom(answer, "orders", 7, { first: 4, last: 11 }), 6);
});
