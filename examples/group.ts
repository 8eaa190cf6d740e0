import { connect } from "../lib/client/index.ts";

const log = connect({ url: "http://127.0.0.1:7070" });
const consumer = log.consumer({ group: "billing", topics: ["orders-by-customer"], autoOffsetReset: "earliest", format: "json" });
for await (const { topic, partition, offset, key, value } of consumer) {
  console.log(topic, partition, offset, key, value);
  await consumer.commit(); // or leave it out: every five seconds what was handled is committed
  break; // leaves the group
}
