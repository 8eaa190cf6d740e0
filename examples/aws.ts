import { connect } from "../lib/aws/index.ts";

await using log = connect({ table: "my-log", bucket: "my-log-payloads", region: "eu-west-1" });
await log.topics.create({ name: "orders", partitions: 8 });

const producer = log.producer({ topic: "orders" });
const { partition, offset } = await producer.send({ key: "ada", value: { item: "book", copies: 2 } });
console.log(`durable at ${partition}:${offset}`);
await producer.close();

for await (const record of log.consume({ topic: "orders", from: "earliest", until: "end", format: "json" })) {
  console.log(record.partition, record.offset, record.key, record.value);
}
