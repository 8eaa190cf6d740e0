import { type Duration, Token } from "aws-cdk-lib";
import { type IFunction, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { checkFilters } from "../../lib/core/delivery/filter.ts";
import { limits } from "../../lib/core/limits.ts";
import { isId } from "../../lib/core/names.ts";
import type { StratalogEventSourceProps } from "./event-source.ts";

/** What the log is told of a consumer beside its names. What is not set is not told, and has the log's default. @throws Error for what the log would refuse */
export function consumerSettings(props: StratalogEventSourceProps, fn: IFunction): Readonly<Record<string, unknown>> {
  const { triggerBatchSizeMax, triggerWindowMsMax, triggerRetriesMax, triggerAgeMsMin, triggerAgeMsMax } = limits;
  const { batchSize, retryAttempts, bisectBatchOnError, reportBatchItemFailures, enabled } = props;
  const settings = {
    targetTimeoutMs: timeoutMs(fn),
    ...startOf(props),
    batchSize: within("batchSize", batchSize, 1, triggerBatchSizeMax),
    maxBatchingWindowMs: within("maxBatchingWindow, in milliseconds,", msOf(props.maxBatchingWindow), 0, triggerWindowMsMax),
    filters: props.filters && patternsOf(props.filters),
    retryAttempts: within("retryAttempts", retryAttempts, -1, triggerRetriesMax),
    maxRecordAgeMs: within("maxRecordAge, in milliseconds,", msOf(props.maxRecordAge), triggerAgeMsMin, triggerAgeMsMax),
    bisectBatchOnError,
    reportBatchItemFailures,
    enabled,
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/** @throws Error for a group that the log would refuse */
export function checkGroup(group: string): void {
  if (Token.isUnresolved(group) || isId(group, limits.groupIdLengthMax)) return;
  throw new Error(`consumerGroupId must have 1 to ${limits.groupIdLengthMax} characters, no control characters among them.`);
}

function startOf({ startingPosition, startingPositionTimestamp: seconds }: StratalogEventSourceProps) {
  if (startingPosition !== StartingPosition.AT_TIMESTAMP) {
    if (seconds !== undefined) throw new Error("startingPositionTimestamp can only be given with startingPosition AT_TIMESTAMP.");
    return { startingPosition };
  }
  // Nobody can count with it yet: whoever deploys it does.
  if (Token.isUnresolved(seconds)) return { startingPosition, startingPositionTimestamp: seconds };
  if (seconds === undefined || !Number.isSafeInteger(Math.round(1_000 * seconds)) || seconds < 0)
    throw new Error("startingPosition AT_TIMESTAMP needs startingPositionTimestamp, in seconds since 1970.");
  return { startingPosition, startingPositionTimestampMs: Math.round(1_000 * seconds) };
}

function patternsOf(filters: NonNullable<StratalogEventSourceProps["filters"]>): readonly string[] {
  const patterns = filters.map(({ pattern }) => {
    if (typeof pattern !== "string") throw new Error("filters have to be made by FilterCriteria.filter.");
    return pattern;
  });
  if (!Token.isUnresolved(patterns)) checkFilters(patterns.filter((pattern) => !Token.isUnresolved(pattern)));
  return patterns;
}

/** How long one call may take. Who calls is a function, too, and has to see the end of it. */
function timeoutMs(fn: IFunction): number {
  const { functionTimeoutMsMax: max } = limits;
  // A version or an alias has its function's.
  const { lambda: whole = fn } = fn as IFunction & { readonly lambda?: IFunction };
  if (!("timeout" in whole)) return max;
  const { timeout } = whole as { readonly timeout?: Duration };
  if (timeout?.isUnresolved() === true) return max;
  const ms = msOf(timeout) ?? lambdaTimeoutMsDefault;
  if (ms <= max) return ms;
  throw new Error(
    `the function's timeout is ${ms / 1_000} s, and may be ${max / 1_000} s at most: it is called by a function that has to see it end within Lambda's own 15 minutes.`,
  );
}

/** What a function has that says nothing. */
const lambdaTimeoutMsDefault = 3_000;

function msOf(duration: Duration | undefined): number | undefined {
  return duration?.toMilliseconds();
}

function within(name: string, value: number | undefined, min: number, max: number): number | undefined {
  if (value === undefined || Token.isUnresolved(value) || (Number.isInteger(value) && value >= min && value <= max)) return value;
  throw new Error(`${name} must be an integer from ${min} to ${max}, not ${value}.`);
}
