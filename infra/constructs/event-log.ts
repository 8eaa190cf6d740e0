import { type Duration, RemovalPolicy } from "aws-cdk-lib";
import type { ITable } from "aws-cdk-lib/aws-dynamodb";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { FunctionUrlAuthType, type FunctionUrl, InvokeMode, type Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import { Duration as Time, Names } from "aws-cdk-lib";
import { Construct } from "constructs";
import { LogFunction } from "./log-function.ts";
import { apiPermissions, resourcesPermissions, type Store } from "./permissions.ts";
import { makeBucket, makeTable } from "./storage.ts";
import { EventTopic, type TopicProps } from "./topic.ts";

export interface EventLogProps {
  readonly logName?: string;
  readonly table?: ITable;
  readonly bucket?: IBucket;
  readonly encryptionKey?: IKey;
  readonly throwaway?: boolean;
  readonly responseStreaming?: boolean;
  readonly timeout?: Duration;
  readonly functionsFolder?: string;
}

export class EventLog extends Construct {
  readonly logName: string;
  readonly table: ITable;
  readonly bucket: IBucket;
  readonly api: LambdaFunction;
  readonly resources: LambdaFunction;
  readonly functionUrl: FunctionUrl;

  constructor(scope: Construct, id: string, props: EventLogProps = {}) {
    super(scope, id);
    const { encryptionKey: key, throwaway = false, responseStreaming = true, functionsFolder } = props;
    this.logName = props.logName ?? Names.uniqueResourceName(this, { maxLength: 64, separator: "-" });
    this.table = props.table ?? makeTable(this, { key, throwaway });
    this.bucket = props.bucket ?? makeBucket(this, { key, throwaway });
    const store: Store = { table: this.table, bucket: this.bucket, keys: key === undefined ? [] : [key] };
    const environment = {
      STRATALOG_TABLE: this.table.tableName,
      STRATALOG_BUCKET: this.bucket.bucketName,
      STRATALOG_LOG_NAME: this.logName,
    };
    const common = {
      environment,
      logRetention: RetentionDays.ONE_MONTH,
      removalPolicy: throwaway ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
      functionsFolder,
    };
    this.api = new LogFunction(this, "Api", {
      ...common,
      bundle: "api",
      handler: responseStreaming ? "stream" : "handler",
      description: `the HTTP API of ${this.logName}`,
      memoryMb: 1_769,
      timeout: props.timeout ?? (responseStreaming ? Time.minutes(15) : Time.minutes(1)),
      reservedConcurrency: 100,
      permissions: apiPermissions(store),
    }).function;
    this.resources = new LogFunction(this, "Resources", {
      ...common,
      bundle: "resources",
      handler: "handler",
      description: `declared topics and access rules of ${this.logName}`,
      memoryMb: 512,
      timeout: Time.minutes(2),
      reservedConcurrency: 5,
      permissions: resourcesPermissions(store),
    }).function;
    this.functionUrl = this.api.addFunctionUrl({
      authType: FunctionUrlAuthType.AWS_IAM,
      invokeMode: responseStreaming ? InvokeMode.RESPONSE_STREAM : InvokeMode.BUFFERED,
    });
  }

  topic(name: string, props: TopicProps = {}): EventTopic {
    return new EventTopic(this, `Topic-${name}`, name, props, this.resources);
  }
}
