import { connect } from "../lib/client/index.ts";

const log = connect({ url: "http://127.0.0.1:7070" });
await log.topics.create({ name: "orders-by-customer", partitions: 6 });

const producer = log.producer({ topic: "orders-by-customer" });
const { partition, offset } = await producer.send({ key: "ada", value: { item: "book", copies: 2 } });
console.log(`durable at ${partition}:${offset}`);
await producer.close();

for await (const record of log.consume({ topic: "orders-by-customer", from: "earliest", until: "end", format: "json" })) {
  console.log(record.partition, record.offset, record.key, record.value);
}
