import { connect } from "../lib/client/index.ts";

const log = connect({ url: "http://127.0.0.1:7070" });
await log.topics.create({ name: "invoices" });
const options = { group: "invoicing", topics: ["orders-by-customer"], autoOffsetReset: "earliest", format: "json" } as const;
const consumer = log.consumer({ ...options, enableAutoCommit: false });
for await (const { key, value } of consumer) {
  console.log(await consumer.commitWith([{ topic: "invoices", key, value, headers: { by: "invoicing" } }]));
  break;
}
