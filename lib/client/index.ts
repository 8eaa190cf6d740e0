/** The SDK: `import { connect } from "stratalog"`. Web APIs only; runs in Node and in a browser. */
import type { HealthBody } from "../http/wire.ts";
import { AclsClient } from "./acls.ts";
import type { ConsumeOptions } from "./consumer-options.ts";
import { Consumer } from "./consumer.ts";
import { ConsumersClient } from "./consumers.ts";
import type { ConnectOptions } from "./options.ts";
import type { ProducerOptions } from "./producer-options.ts";
import { Producer } from "./producer.ts";
import { GroupConsumer } from "./groups/consumer.ts";
import { GroupsClient } from "./groups/groups.ts";
import type { GroupConsumerOptions } from "./groups/options.ts";
import { QuotasClient } from "./quotas.ts";
import { fetchOffsets, fetchPage } from "./read.ts";
import type { FetchOptions, FetchedPage, TimedOffset } from "./read.ts";
import { TokensClient } from "./tokens.ts";
import { TopicsClient } from "./topics.ts";
import { Transport } from "./transport.ts";
import type { Format } from "./types.ts";

export { LogError } from "../core/errors.ts";
export type { ErrorCode, Outcome } from "../core/errors.ts";
export type {
  AclListBody,
  AlterQuotaBody,
  AlterTopicBody,
  CreateTokenBody,
  CreateTopicBody,
  HealthBody,
  NewTokenBody,
  QuotaBody,
  QuotaListBody,
  TokenBody,
  TokenListBody,
  TopicBody,
  TopicDetailBody,
  TopicListBody,
  WireAcl,
  WireNewAcl,
} from "../http/wire.ts";
export type {
  CommitOffsetBody,
  GroupBody,
  GroupDetailBody,
  GroupLagBody,
  GroupListBody,
  GroupOffsetBody,
  MemberBody,
  PartitionLagBody,
} from "../http/group-wire.ts";
export type {
  ConsumerBody,
  ConsumerListBody,
  ConsumerPartitionBody,
  ConsumerStatusBody,
  DeadLetterBody,
  DeadLetterListBody,
  PutConsumerBody,
} from "../http/consumer-wire.ts";
export type { AclsClient, ListAcls } from "./acls.ts";
export type { ConsumeOptions } from "./consumer-options.ts";
export type { Consumer } from "./consumer.ts";
export type { ConsumersClient, ListConsumers, ListDeadLetters } from "./consumers.ts";
export type { GroupConsumer } from "./groups/consumer.ts";
export type { GroupConsumerOptions, GroupRecord, TopicPartition } from "./groups/options.ts";
export type { OutputPlace, OutputRecord } from "./groups/transaction.ts";
export type { GroupsClient, ListGroups } from "./groups/groups.ts";
export type { ClientClock, ClientRandom, ConnectOptions, Fetch } from "./options.ts";
export type { ProducerOptions } from "./producer-options.ts";
export type { Producer } from "./producer.ts";
export type { FetchOptions, FetchedPage, TimedOffset } from "./read.ts";
export type { QuotasClient } from "./quotas.ts";
export type { Token } from "./token.ts";
export type { ListTokens, TokensClient } from "./tokens.ts";
export type { ListTopics, TopicsClient } from "./topics.ts";
export type {
  ConsumedRecord,
  Content,
  Format,
  Formats,
  HeaderValue,
  Headers,
  JsonValue,
  Position,
  ProducerRecord,
  SentRecord,
} from "./types.ts";

/** A server's log. Every error is a `LogError`: act on its `code` and its `outcome`. */
export interface LogClient {
  readonly topics: TopicsClient;
  /** Who may do what. */
  readonly acls: AclsClient;
  /** API tokens. */
  readonly tokens: TokensClient;
  /** What principals may use a second. */
  readonly quotas: QuotasClient;
  /** Consumer groups, looked at and looked after. */
  readonly groups: GroupsClient;
  /** Triggered consumers: functions that are called with new records. */
  readonly consumers: ConsumersClient;
  /** Sends records to a topic, in batches, each once and in order. Close it when done. */
  producer(options: ProducerOptions): Producer;
  /** The records of a topic as an async iterator. Leaving the loop ends it. */
  consume<F extends Format = "text">(options: ConsumeOptions<F>): Consumer<F>;
  /** Reads as a member of a consumer group, as an async iterator: the group's partitions are shared out among its members. Leaving the loop leaves the group. */
  consumer<F extends Format = "text">(options: GroupConsumerOptions<F>): GroupConsumer<F>;
  /** One page of one partition. */
  fetch<F extends Format = "text">(options: FetchOptions<F>): Promise<FetchedPage<F>>;
  /** By partition, the first offset whose record's time is at or after a time. */
  offsets(topic: string, time: number | Date | "earliest" | "latest"): Promise<readonly TimedOffset[]>;
  health(): Promise<HealthBody>;
}

/** A client of the server at `options.url`. It connects when it is used, and holds nothing that has to be closed. */
export function connect(options: ConnectOptions = {}): LogClient {
  const transport = new Transport(options);
  return {
    topics: new TopicsClient(transport),
    acls: new AclsClient(transport),
    tokens: new TokensClient(transport),
    quotas: new QuotasClient(transport),
    groups: new GroupsClient(transport),
    consumers: new ConsumersClient(transport),
    producer: (producerOptions) => new Producer(transport, producerOptions),
    consume: (consumeOptions) => new Consumer(transport, consumeOptions),
    consumer: (consumerOptions) => new GroupConsumer(transport, consumerOptions),
    fetch: (fetchOptions) => fetchPage(transport, fetchOptions),
    offsets: (topic, time) => fetchOffsets(transport, topic, time),
    health: async () => (await transport.json({ method: "GET", path: ["health"] })) as HealthBody,
  };
}
