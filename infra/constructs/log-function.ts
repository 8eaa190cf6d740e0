import type { Duration, RemovalPolicy } from "aws-cdk-lib";
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  Architecture,
  Code,
  type EventInvokeConfigOptions,
  Function as LambdaFunction,
  RecursiveLoop,
  Runtime,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import { acceptObjects } from "./accepted-rules.ts";
import { type BundleName, bundleFolder } from "./bundles.ts";
import { objectPatterns } from "./permissions.ts";

/** What one function of the log is. */
export interface LogFunctionProps {
  readonly bundle: BundleName;
  /** The export that the runtime calls. */
  readonly handler: "handler" | "stream";
  readonly description: string;
  readonly memoryMb: number;
  readonly timeout: Duration;
  /** How many run at once at most, kept free for it. Undefined: as many as the account has. */
  readonly reservedConcurrency: number | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** All that it may do, but for writing its own log. */
  readonly permissions: readonly PolicyStatement[];
  /** The bucket whose payloads and segments are among them. */
  readonly objectsOf?: IBucket;
  /** What becomes of invocations that nobody waits for. Default: Lambda's own, two retries within six hours. */
  readonly whenAsync?: Pick<EventInvokeConfigOptions, "retryAttempts" | "maxEventAge">;
  /** Whether it may invoke itself over and over. Default false: Lambda ends that after about 16 times. */
  readonly isRecursive?: boolean;
  readonly logRetention: RetentionDays;
  readonly removalPolicy: RemovalPolicy;
  readonly functionsFolder: string | undefined;
}

/** A function with a role and a log group of its own: it may do what is listed, and nothing of AWS's managed policies. */
export class LogFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: LogFunctionProps) {
    super(scope, id);
    this.logGroup = new LogGroup(this, "Logs", { retention: props.logRetention, removalPolicy: props.removalPolicy });
    const ownLog = new PolicyStatement({
      actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
      resources: [this.logGroup.logGroupArn],
    });
    this.role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
      description: `Of the function that is ${props.description}`,
      inlinePolicies: { Permissions: new PolicyDocument({ statements: [ownLog, ...props.permissions] }) },
    });
    const { objectsOf } = props;
    if (objectsOf !== undefined) for (const pattern of objectPatterns) acceptObjects(this.role, objectsOf, pattern);
    this.function = new LambdaFunction(this, "Function", {
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(bundleFolder(props.bundle, props.functionsFolder)),
      handler: `index.${props.handler}`,
      description: props.description,
      memorySize: props.memoryMb,
      timeout: props.timeout,
      environment: { ...props.environment },
      role: this.role,
      logGroup: this.logGroup,
      ...props.whenAsync,
      ...(props.isRecursive === true && { recursiveLoop: RecursiveLoop.ALLOW }),
      ...(props.reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: props.reservedConcurrency }),
    });
  }
}
