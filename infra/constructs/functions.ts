import { Duration, RemovalPolicy } from "aws-cdk-lib";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { environmentOf } from "./environment.ts";
import type { EventLogProps } from "./event-log-props.ts";
import { LogFunction, type LogFunctionProps } from "./log-function.ts";
import { apiPermissions, janitorPermissions, resourcesPermissions, type Store } from "./permissions.ts";
import { restBufferedTimeout } from "./rest-door.ts";

export interface LogFunctions {
  readonly api: LambdaFunction;
  readonly apiTimeout: Duration;
  readonly janitor: LambdaFunction;
  readonly resources: LambdaFunction;
}

/** How what the log writes about itself is kept. */
export function logsKept({ logRetention = RetentionDays.ONE_MONTH, throwaway = false }: EventLogProps): {
  readonly logRetention: RetentionDays;
  readonly removalPolicy: RemovalPolicy;
} {
  return { logRetention, removalPolicy: throwaway ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN };
}

/** What all functions of a log share. */
export interface FunctionsParts {
  readonly logName: string;
  readonly store: Store;
  readonly props: EventLogProps;
}

/** What one of them is beside that. */
export type OwnFunctionProps = Omit<LogFunctionProps, "environment" | "logRetention" | "removalPolicy" | "functionsFolder"> & {
  readonly environment?: LogFunctionProps["environment"];
};

export function makeFunction(scope: Construct, id: string, { logName, store, props }: FunctionsParts, own: OwnFunctionProps): LogFunction {
  const { reserveConcurrency = true, functionsFolder } = props;
  return new LogFunction(scope, id, {
    ...logsKept(props),
    functionsFolder,
    ...own,
    environment: { ...environmentOf(logName, store, props), ...own.environment },
    reservedConcurrency: reserveConcurrency ? own.reservedConcurrency : undefined,
  });
}

export function makeFunctions(scope: Construct, parts: FunctionsParts): LogFunctions {
  const { logName, store, props } = parts;
  const { responseStreaming = true, api: apiProps = {} } = props;
  const apiTimeout = apiProps.timeout ?? (responseStreaming ? Duration.minutes(15) : restBufferedTimeout);
  const make = (id: string, own: OwnFunctionProps): LambdaFunction => makeFunction(scope, id, parts, own).function;
  return {
    api: make("Api", {
      bundle: "api",
      handler: responseStreaming ? "stream" : "handler",
      description: `the HTTP API of ${logName}`,
      memoryMb: apiProps.memoryMb ?? 1_769,
      timeout: apiTimeout,
      reservedConcurrency: apiProps.reservedConcurrency ?? 100,
      permissions: apiPermissions(store),
      objectsOf: store.bucket,
    }),
    apiTimeout,
    janitor: make("Janitor", {
      bundle: "janitor",
      handler: "handler",
      description: `the janitor of ${logName}`,
      memoryMb: 512,
      timeout: Duration.minutes(4),
      // Rounds may overlap without harm; it would only cost.
      reservedConcurrency: 1,
      permissions: janitorPermissions(store),
      objectsOf: store.bucket,
    }),
    resources: make("Resources", {
      bundle: "resources",
      handler: "handler",
      description: `declared topics and access rules of ${logName}`,
      memoryMb: 512,
      timeout: Duration.minutes(2),
      // CloudFormation asks for many at once, and asks again for those that are refused.
      reservedConcurrency: 5,
      permissions: resourcesPermissions(store),
    }),
  };
}
