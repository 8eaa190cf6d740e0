import { CfnOutput, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Certificate } from "aws-cdk-lib/aws-certificatemanager";
import { Table } from "aws-cdk-lib/aws-dynamodb";
import { Key } from "aws-cdk-lib/aws-kms";
import { HostedZone } from "aws-cdk-lib/aws-route53";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { Topic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { EventLog, type EventLogProps, type RestDoorProps, type SecurityProps } from "../constructs/index.ts";
import type { StackSettings } from "./stack-settings.ts";

/** The log alone, as a stack. Its outputs keep their names: scripts and tests read them. */
export class EventLogStack extends Stack {
  readonly log: EventLog;

  constructor(scope: Construct, id: string, settings: StackSettings, functionsFolder?: string) {
    super(scope, id, { description: "Stratalog: an event log on DynamoDB, S3 and Lambda" });
    this.log = new EventLog(this, "Log", {
      ...logProps(this, settings),
      logName: this.stackName,
      ...(functionsFolder !== undefined && { functionsFolder }),
    });
    const { functionUrl, rest, table, bucket, api, janitor, dashboard } = this.log;
    const outputs = {
      FunctionUrl: functionUrl?.url,
      RestUrl: rest?.url,
      TableName: table.tableName,
      BucketName: bucket.bucketName,
      ApiFunctionName: api.functionName,
      JanitorFunctionName: janitor.functionName,
      DashboardName: dashboard?.dashboardName,
    };
    for (const [name, value] of Object.entries(outputs)) if (value !== undefined) new CfnOutput(this, name, { value });
  }
}

/** A name of its own for each branch, as CloudFormation allows it. */
export function stackName(settings: StackSettings): string {
  const branch = settings.text("branch");
  if (branch === undefined) return "Stratalog";
  return `Stratalog-${branch.replaceAll(/[^A-Za-z0-9]+/g, "-").slice(0, 40)}`.replace(/-+$/, "");
}

function logProps(scope: Construct, settings: StackSettings): EventLogProps {
  const throwaway = settings.text("branch") !== undefined;
  const tableName = settings.text("tableName");
  const bucketName = settings.text("bucketName");
  const topicArn = settings.text("alarmTopicArn");
  const removalPolicy = throwaway ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
  const isOwnKey = settings.flag("ownKey") ?? false;
  return given({
    throwaway,
    table: tableName === undefined ? undefined : Table.fromTableName(scope, "Table", tableName),
    bucket: bucketName === undefined ? undefined : Bucket.fromBucketName(scope, "Bucket", bucketName),
    responseStreaming: settings.flag("responseStreaming"),
    functionUrl: settings.flag("functionUrl"),
    restApi: restProps(scope, settings),
    security: securityProps(settings),
    encryptionKey: isOwnKey ? new Key(scope, "Key", { enableKeyRotation: true, removalPolicy }) : undefined,
    reserveConcurrency: settings.flag("reserveConcurrency"),
    api: given({
      memoryMb: settings.integer("apiMemoryMb"),
      timeout: settings.seconds("apiTimeoutSeconds"),
      reservedConcurrency: settings.integer("apiConcurrency"),
    }),
    logLevel: settings.oneOf("logLevel", ["debug", "info", "warn", "error"]),
    alarmTopic: topicArn === undefined ? undefined : Topic.fromTopicArn(scope, "AlarmTopic", topicArn),
    dashboard: settings.flag("dashboard"),
  });
}

function restProps(scope: Construct, settings: StackSettings): RestDoorProps | undefined {
  const auth = settings.oneOf("restApi", ["iam", "bearer"]);
  if (auth === undefined) return undefined;
  const name = settings.text("domainName");
  const certificateArn = settings.text("certificateArn");
  const [hostedZoneId, zoneName] = settings.list("hostedZone", ":");
  if ((name === undefined) !== (certificateArn === undefined))
    throw new Error("A domain of your own needs -c domainName and -c certificateArn.");
  const hostedZone =
    hostedZoneId === undefined || zoneName === undefined
      ? undefined
      : HostedZone.fromHostedZoneAttributes(scope, "Zone", { hostedZoneId, zoneName });
  return given({
    auth,
    webAclArn: settings.text("webAclArn"),
    accountLogRole: settings.flag("accountLogRole"),
    domain:
      name === undefined || certificateArn === undefined
        ? undefined
        : given({ name, certificate: Certificate.fromCertificateArn(scope, "Certificate", certificateArn), hostedZone }),
  });
}

function securityProps(settings: StackSettings): SecurityProps {
  const issuer = settings.text("jwtIssuer");
  const audience = settings.list("jwtAudience", ",");
  return given({
    jwt: issuer === undefined ? undefined : given({ issuer, audience, jwksUrl: settings.text("jwtJwksUrl") }),
    tokens: settings.flag("tokens"),
    superUsers: settings.list("superUsers", ";"),
    allowedOrigins: settings.list("allowedOrigins", ","),
    quotas: settings.flag("quotas"),
  });
}

type Given<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Without what is not set, which the constructs then have defaults for. */
function given<T extends object>(props: T): Given<T> {
  return Object.fromEntries(Object.entries(props).filter(([, value]) => value !== undefined)) as Given<T>;
}
