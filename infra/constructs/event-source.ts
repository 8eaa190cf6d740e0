import { type Duration, Names, Token } from "aws-cdk-lib";
import { type IEventSource, type IEventSourceDlq, type IFunction, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { limits } from "../../lib/core/limits.ts";
import { checkTopicName } from "../../lib/core/names.ts";
import { EventConsumer } from "./consumer.ts";
import { checkGroup, consumerSettings } from "./consumer-settings.ts";
import type { EventLog } from "./event-log.ts";
import { hash } from "./grants.ts";
import type { EventTopic } from "./topic.ts";

/** How a topic triggers a function: names and meanings of CDK's event sources for Kafka. */
export interface StratalogEventSourceProps {
  /** The topic: one that the log declares, or the name of one that is there when this is deployed. */
  readonly topic: EventTopic | string;
  /** Where the consumer begins when it is made. Later it goes on from where it is. */
  readonly startingPosition: StartingPosition;
  /** With `AT_TIMESTAMP`: seconds since 1970. */
  readonly startingPositionTimestamp?: number;
  /** The consumer group that the function is: another one begins anew. Default: from the paths of the function and the topic. */
  readonly consumerGroupId?: string;
  /** Records of one call at most, 1 to 10,000. Default 100. */
  readonly batchSize?: number;
  /** How long a call waits for its batch to fill, up to 5 minutes. Default 0, as in Lambda's mappings for Kinesis; those for Kafka wait 500 ms. */
  readonly maxBatchingWindow?: Duration;
  /** Made by `FilterCriteria.filter`: a record that matches none is not delivered. Default: all records are. */
  readonly filters?: readonly Readonly<Record<string, unknown>>[];
  /** How often a failed batch is tried again, 0 to 10,000; -1: until its records are too old or gone. Default -1; 10 with `onFailure` and no `maxRecordAge`, as in Lambda's mappings for Kafka. */
  readonly retryAttempts?: number;
  /** Records that are older are given up, 1 minute to 7 days. Default: none is too old. */
  readonly maxRecordAge?: Duration;
  /** Whether a failed batch is tried again in halves. Default false. */
  readonly bisectBatchOnError?: boolean;
  /** Whether the function's answer says which records failed. Default false. */
  readonly reportBatchItemFailures?: boolean;
  /** Where records go that were given up: an `SqsDlq`, `SnsDlq`, `S3OnFailureDestination` or `TopicOnFailureDestination`. Default: nowhere; the log knows them as dead letters. */
  readonly onFailure?: IEventSourceDlq;
  /** Topics that the function may write to by answering `records`: they and the offset are one step. Default: none. */
  readonly outputTopics?: readonly (EventTopic | string)[];
  /** Default true. */
  readonly enabled?: boolean;
}

/**
 * Calls a function with a topic's records, in order within a partition, with the events of Amazon MSK.
 *
 * @example
 * billing.addEventSource(new StratalogEventSource(log, { topic: orders, startingPosition: StartingPosition.TRIM_HORIZON }));
 */
export class StratalogEventSource implements IEventSource {
  readonly #log: EventLog;
  readonly #props: StratalogEventSourceProps;

  constructor(log: EventLog, props: StratalogEventSourceProps) {
    this.#log = log;
    this.#props = props;
  }

  /** @throws Error, or LogError, for what the log would refuse */
  bind(fn: IFunction): void {
    try {
      this.#bind(fn);
    } catch (reason) {
      if (reason instanceof Error) reason.message = `${fn.node.path}: ${reason.message}`;
      throw reason;
    }
  }

  #bind(fn: IFunction): void {
    const log = this.#log;
    const { topic, outputTopics = [], consumerGroupId, onFailure, startingPosition } = this.#props;
    const topicName = this.#nameOf(topic);
    const outputs = outputTopics.map((output) => this.#nameOf(output));
    if (outputs.length > limits.triggerOutputTopicsMax)
      throw new Error(`outputTopics has ${limits.triggerOutputTopicsMax} topics at most.`);
    if (onFailure instanceof TopicOnFailureDestination) this.#nameOf(onFailure.topic);
    const group = consumerGroupId ?? defaultGroup(fn, topicName);
    checkGroup(group);
    const settings = consumerSettings(this.#props, fn);
    const delivery = log.enableDelivery();
    delivery.claim(group, fn.node.path);
    // In the function's stack, which may be another than the log's.
    const known: unknown = fn;
    const scope = Construct.isConstruct(known) ? known : log;
    new EventConsumer(scope, `Stratalog-${hash(fn, `${log.node.addr}/${group}`)}`, {
      log,
      group,
      fn,
      topic: topicName,
      outputTopics: outputs,
      onFailure,
      settings,
      after: startingPosition === StartingPosition.AT_TIMESTAMP ? [delivery.allowTimeLookups()] : [],
    });
  }

  #nameOf(topic: EventTopic | string): string {
    if (typeof topic === "string") {
      if (!Token.isUnresolved(topic)) checkTopicName(topic);
      return topic;
    }
    if (topic.node.scope !== this.#log) throw new Error(`${topic.node.path} is a topic of another log.`);
    return topic.topicName;
  }
}

/** A topic of the same log as the place for records that were given up: each as it was, with what happened in headers of its own. */
export class TopicOnFailureDestination implements IEventSourceDlq {
  readonly topic: EventTopic | string;

  constructor(topic: EventTopic | string) {
    this.topic = topic;
  }

  bind(): { readonly destination: string } {
    const { topic } = this;
    return { destination: `kafka://${typeof topic === "string" ? topic : topic.topicName}` };
  }
}

/** Readable, and no other function's or topic's. */
function defaultGroup(fn: IFunction, topicName: string): string {
  const isPlain = !Token.isUnresolved(topicName) && topicName.length <= 90;
  return `${Names.uniqueResourceName(fn, { maxLength: 150, separator: "-" })}-${isPlain ? topicName : hash(fn, topicName)}`;
}
