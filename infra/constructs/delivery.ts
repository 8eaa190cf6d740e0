import { Annotations, Duration, Fn } from "aws-cdk-lib";
import type { Dashboard } from "aws-cdk-lib/aws-cloudwatch";
import type { CfnTable } from "aws-cdk-lib/aws-dynamodb";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction as LambdaTarget } from "aws-cdk-lib/aws-events-targets";
import { Policy, PolicyStatement, type Role } from "aws-cdk-lib/aws-iam";
import { EventSourceMapping, FilterCriteria, FilterRule, type Function as LambdaFunction, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { headKeys, tableSchema } from "../../lib/engines/aws/schema.ts";
import { acceptObjects } from "./accepted-rules.ts";
import type { LogAlarms } from "./alarms.ts";
import { addDeliveryAlarms, addDeliveryGraphs } from "./delivery-alarms.ts";
import { type FunctionsParts, makeFunction } from "./functions.ts";
import type { LogFunction } from "./log-function.ts";
import { apiPermissions, objectPatterns, readingPermissions, recordsPermissions } from "./permissions.ts";

export interface DeliveryParts extends FunctionsParts {
  /** A URL of the log: functions are told its host as where their events come from. */
  readonly door: string;
  /** Keeps declared consumers. */
  readonly resources: LambdaFunction;
  readonly alarms: LogAlarms;
  readonly dashboard: Dashboard | undefined;
}

/** The sweep: how long a hint that got lost, or a retry that is due, waits at most. */
const sweepInterval = Duration.minutes(1);

/**
 * What calls functions with a log's records. The table's stream tells the router of heads that have changed, and each minute a schedule has it look at all; it starts the
 * function that delivers, once for each partition that has something to deliver.
 */
export class LogDelivery extends Construct {
  /** Starts deliveries. */
  readonly router: LambdaFunction;
  /** Delivers one partition: calls the function that is triggered. */
  readonly deliver: LambdaFunction;
  /** Runs the router each minute. */
  readonly sweep: Rule;
  /** Undefined where the table's stream is not known: then only the sweep finds what is new. */
  readonly hints: EventSourceMapping | undefined;
  readonly deliverRole: Role;
  readonly #parts: DeliveryParts;
  /** Groups that are consumers already, with the functions that are. */
  readonly #groups = new Map<string, string>();
  #timeLookups: Policy | undefined;

  constructor(scope: Construct, id: string, parts: DeliveryParts) {
    super(scope, id);
    this.#parts = parts;
    const deliver = this.#addDeliver();
    this.deliver = deliver.function;
    this.deliverRole = deliver.role;
    const streamArn = this.#streamArn();
    this.router = this.#addRouter(streamArn);
    this.hints = streamArn === undefined ? undefined : this.#addHints(streamArn);
    this.sweep = new Rule(this, "Sweep", {
      description: `Looks for records of ${parts.logName} that were not delivered`,
      schedule: Schedule.rate(sweepInterval),
      targets: [new LambdaTarget(this.router, { retryAttempts: 0, maxEventAge: sweepInterval })],
    });
    addDeliveryAlarms(parts.alarms, this);
    if (parts.dashboard !== undefined) addDeliveryGraphs(parts.dashboard, this);
  }

  /** @throws Error when another function is this consumer already */
  claim(group: string, path: string): void {
    const other = this.#groups.get(group);
    if (other !== undefined)
      throw new Error(`${path}: ${other} is the consumer group "${group}" already; each event source needs a consumerGroupId of its own.`);
    this.#groups.set(group, path);
  }

  /** Lets the function of declared consumers read records, which finding those of a time takes. @returns what has to be there before that */
  allowTimeLookups(): Construct {
    return (this.#timeLookups ??= this.#addTimeLookups());
  }

  #addDeliver(): LogFunction {
    const { logName, store, door } = this.#parts;
    const deliver = makeFunction(this, "Deliver", this.#parts, {
      bundle: "deliver",
      handler: "handler",
      description: `what delivers the records of ${logName}`,
      memoryMb: 512,
      timeout: Duration.minutes(15),
      // As many run as partitions are delivered at once; who is throttled is found by the sweep.
      reservedConcurrency: undefined,
      permissions: apiPermissions(store),
      objectsOf: store.bucket,
      environment: {
        STRATALOG_EVENT_SOURCE_ARN: store.table.tableArn,
        STRATALOG_BOOTSTRAP_SERVERS: `${Fn.select(2, Fn.split("/", door))}:443`,
      },
      // What is not started, or fails, is found by the sweep.
      whenAsync: { retryAttempts: 0, maxEventAge: Duration.seconds(60) },
      // It hands on what it has no time for, as long as there are records.
      isRecursive: true,
    });
    // Not in its role's own policies: the function depends on those, and this depends on the function.
    new Policy(this, "HandOn", { roles: [deliver.role], statements: [invoking(deliver.function)] });
    return deliver;
  }

  #addRouter(streamArn: string | undefined): LambdaFunction {
    const { logName, store } = this.#parts;
    const { function: router } = makeFunction(this, "Router", this.#parts, {
      bundle: "router",
      handler: "handler",
      description: `the router of the deliveries of ${logName}`,
      memoryMb: 512,
      timeout: Duration.minutes(1),
      // The stream and the schedule bound how many run.
      reservedConcurrency: undefined,
      permissions: [...readingPermissions(store), ...(streamArn === undefined ? [] : [readingStream(streamArn)]), invoking(this.deliver)],
      environment: { STRATALOG_DELIVER_FUNCTION: this.deliver.functionName },
      whenAsync: { retryAttempts: 0, maxEventAge: sweepInterval },
    });
    return router;
  }

  /** Nothing waits for a hint: it is tried again once, and after a minute the sweep has done its work. */
  #addHints(eventSourceArn: string): EventSourceMapping {
    const keys = {
      [tableSchema.partitionKey]: { S: FilterRule.beginsWith(headKeys.partitionKeyPrefix) },
      [tableSchema.sortKey]: { S: [headKeys.sortKey] },
    };
    return new EventSourceMapping(this, "Hints", {
      target: this.router,
      eventSourceArn,
      startingPosition: StartingPosition.LATEST,
      batchSize: 1_000,
      retryAttempts: 1,
      maxRecordAge: sweepInterval,
      filters: [FilterCriteria.filter({ eventName: FilterRule.or("INSERT", "MODIFY"), dynamodb: { Keys: keys } })],
    });
  }

  /** Of a table that is made here, its stream is made here, too. */
  #streamArn(): string | undefined {
    const { store, props } = this.#parts;
    const { table } = store;
    if (props.table === undefined) {
      const own = table.node.defaultChild as CfnTable;
      own.streamSpecification = { streamViewType: "KEYS_ONLY" };
      return own.attrStreamArn;
    }
    if (table.tableStreamArn === undefined)
      Annotations.of(this).addWarningV2(
        "stratalog:noTableStream",
        "Nobody knows the stream of the log's table, so functions are called up to a minute late: give the table a stream (KEYS_ONLY is enough), and import it with its tableStreamArn.",
      );
    return table.tableStreamArn;
  }

  #addTimeLookups(): Policy {
    const { resources, store } = this.#parts;
    const { role } = resources;
    const policy = new Policy(this, "TimeLookups", { statements: recordsPermissions(store), ...(role && { roles: [role] }) });
    for (const pattern of objectPatterns) acceptObjects(policy, store.bucket, pattern);
    return policy;
  }
}

function invoking({ functionArn }: LambdaFunction): PolicyStatement {
  return new PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: [functionArn] });
}

function readingStream(streamArn: string): PolicyStatement {
  const actions = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"].map((action) => `dynamodb:${action}`);
  return new PolicyStatement({ actions, resources: [streamArn] });
}
