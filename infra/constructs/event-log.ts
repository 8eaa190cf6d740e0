import { Duration, Names } from "aws-cdk-lib";
import type { Alarm, Dashboard, Metric, MetricOptions } from "aws-cdk-lib/aws-cloudwatch";
import type { ITable } from "aws-cdk-lib/aws-dynamodb";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction as LambdaTarget } from "aws-cdk-lib/aws-events-targets";
import type { Grant, IGrantable } from "aws-cdk-lib/aws-iam";
import { type Function as LambdaFunction, type FunctionUrl, FunctionUrlAuthType, InvokeMode } from "aws-cdk-lib/aws-lambda";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import type { MetricName } from "../../lib/config/metrics.ts";
import { LogAlarms } from "./alarms.ts";
import { addBaselineAlarms, type WatchedParts } from "./baseline-alarms.ts";
import { makeDashboard } from "./dashboard.ts";
import { LogDelivery } from "./delivery.ts";
import { checkDoors, publicDoors } from "./door-checks.ts";
import type { EventLogProps } from "./event-log-props.ts";
import { logsKept, makeFunctions } from "./functions.ts";
import { grant, type GrantParts, rightsOnLog } from "./grants.ts";
import { logMetric } from "./metrics.ts";
import { RestDoor } from "./rest-door.ts";
import { keysOf, makeBucket, makeTable } from "./storage.ts";
import { EventTopic, type TopicProps } from "./topic.ts";

/**
 * An event log in an account: a table, a bucket, the functions over them, and its doors. Nothing of it runs while nobody calls, but for the janitor.
 *
 * @example
 * const log = new EventLog(this, "Log");
 * const orders = log.topic("orders", { partitions: 8 });
 * orders.grantProduce(checkout);
 */
export class EventLog extends Construct {
  readonly logName: string;
  readonly table: ITable;
  readonly bucket: IBucket;
  /** Serves the HTTP API. */
  readonly api: LambdaFunction;
  /** Runs on a schedule. */
  readonly janitor: LambdaFunction;
  readonly janitorSchedule: Rule;
  /** Keeps declared topics, access rules and consumers. */
  readonly resources: LambdaFunction;
  /** Undefined when it was turned off. */
  readonly functionUrl: FunctionUrl | undefined;
  /** Undefined without `restApi`. */
  readonly rest: RestDoor | undefined;
  readonly dashboard: Dashboard | undefined;
  readonly #alarms: LogAlarms;
  readonly #makeDelivery: () => LogDelivery;
  #delivery: LogDelivery | undefined;
  readonly #grantParts: GrantParts;

  /** @throws Error when nobody, or everybody, could reach the log, or when the functions' code was not built */
  constructor(scope: Construct, id: string, props: EventLogProps = {}) {
    super(scope, id);
    checkDoors(props);
    this.logName = checkedName(props.logName ?? Names.uniqueResourceName(this, { maxLength: 64, separator: "-" }));
    this.table = props.table ?? makeTable(this, props);
    this.bucket = props.bucket ?? makeBucket(this, props);
    const { logName, table, bucket } = this;
    const store = { table, bucket, keys: keysOf(table, bucket) };
    const functions = makeFunctions(this, { logName, store, props });
    this.api = functions.api;
    this.janitor = functions.janitor;
    this.resources = functions.resources;

    const { responseStreaming = true, functionUrl = true, restApi, janitorInterval = Duration.minutes(5), dashboard = true } = props;
    this.janitorSchedule = this.#schedule(janitorInterval);
    this.functionUrl = functionUrl ? this.#addUrl(responseStreaming) : undefined;
    const behind = { ...logsKept(props), name: logName, api: this.api, timeout: functions.apiTimeout, responseStreaming };
    this.rest = restApi === undefined ? undefined : new RestDoor(this, "Rest", restApi, behind);
    this.node.addValidation({ validate: () => publicDoors(this.api) });

    const watched: WatchedParts = { logName, table, ...functions, janitorInterval, rest: this.rest };
    this.#alarms = new LogAlarms(this, "Alarms", watched.logName, props.runbookUrl ?? "docs/runbook.md", props.alarmTopic);
    addBaselineAlarms(this.#alarms, watched);
    this.dashboard = dashboard ? makeDashboard(this, watched) : undefined;
    const door = this.functionUrl?.url ?? this.rest?.url ?? "";
    this.#makeDelivery = () => new LogDelivery(this, "Delivery", { logName, store, props, door, ...this.#watching() });
    this.#grantParts = { log: this, api: this.api, hasUrl: functionUrl, rest: this.rest, resources: this.resources };
  }

  /** The alarms by name, to change or to add to. */
  get alarms(): Readonly<Record<string, Alarm>> {
    return this.#alarms.byName;
  }

  /** Declares a topic: it is made, or taken over when it is there, and altered with the stack. @throws LogError when the name or a config cannot be */
  topic(name: string, props: TopicProps = {}): EventTopic {
    return new EventTopic(this, `Topic-${name}`, name, props, this.#grantParts);
  }

  /** What calls functions with records. Undefined while no function has a {@link StratalogEventSource}. */
  get delivery(): LogDelivery | undefined {
    return this.#delivery;
  }

  /** What calls functions with records, which is made when this is called first. */
  enableDelivery(): LogDelivery {
    return (this.#delivery ??= this.#makeDelivery());
  }

  /** Lets a role or a user do everything with the log, access rules included. @throws Error when it is no role or user, or no door knows IAM */
  grantAdmin(grantee: IGrantable): Grant {
    return grant(this, "Admin", grantee, rightsOnLog, this.#grantParts);
  }

  /** A metric of the log's own, by its name in `docs/telemetry.md`. Default: a counter's sum, a gauge's maximum, a histogram's p99 over 5 minutes. */
  metric(name: MetricName, options?: MetricOptions): Metric {
    return logMetric(this.logName, name, options);
  }

  /** Records made durable. */
  metricProduceRecords(options?: MetricOptions): Metric {
    return this.metric("ProduceRecords", options);
  }

  /** Records given to readers. */
  metricFetchRecords(options?: MetricOptions): Metric {
    return this.metric("FetchRecords", options);
  }

  /** How long appends took until they were durable, in seconds. */
  metricCommitSeconds(options?: MetricOptions): Metric {
    return this.metric("CommitSeconds", options);
  }

  /** Answers with a status of 500 or more. */
  metricServerErrors(options?: MetricOptions): Metric {
    return this.metric("ServerErrors", options);
  }

  /** How far the group that is furthest behind is behind, in records. */
  metricConsumerLag(options?: MetricOptions): Metric {
    return this.metric("ConsumerLag", options);
  }

  /** An alarm for a log that has consumer groups. @param recordsMax how far behind a group may be, for 15 minutes */
  alarmOnConsumerLag(recordsMax: number): Alarm {
    return this.#alarms.add("ConsumerLag", {
      runbook: "a-consumer-lags",
      tells: `a consumer group is ${recordsMax} records or more behind.`,
      metric: this.metricConsumerLag(),
      threshold: recordsMax,
      periods: 3,
    });
  }

  #watching() {
    return { alarms: this.#alarms, dashboard: this.dashboard, resources: this.resources };
  }

  #addUrl(responseStreaming: boolean): FunctionUrl {
    return this.api.addFunctionUrl({
      authType: FunctionUrlAuthType.AWS_IAM,
      invokeMode: responseStreaming ? InvokeMode.RESPONSE_STREAM : InvokeMode.BUFFERED,
    });
  }

  /** A round that fails is not tried again and not kept: the next one does its work. */
  #schedule(interval: Duration): Rule {
    return new Rule(this, "JanitorSchedule", {
      description: `Runs the janitor of ${this.logName}`,
      schedule: Schedule.rate(interval),
      targets: [new LambdaTarget(this.janitor, { retryAttempts: 0, maxEventAge: interval })],
    });
  }
}

function checkedName(name: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(name)) return name;
  throw new Error(`logName must be 1 to 64 letters, digits, hyphens and underscores, not "${name}".`);
}
