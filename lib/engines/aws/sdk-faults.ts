import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { fromSdk } from "./sdk-values.ts";
import { StoreFault } from "./table.ts";
import type { FaultKind, WriteFault } from "./table.ts";

/** What an SDK's error is known by. Its message is never asked. */
interface SdkError {
  readonly name: string;
  /** Of a socket's or a resolver's error. */
  readonly code: string | undefined;
  /** Undefined when no response was received. */
  readonly status: number | undefined;
  /** The signing clock was found wrong and set right, so the next request passes. */
  readonly isClockCorrected: boolean;
  readonly item: Readonly<Record<string, AttributeValue>> | undefined;
  readonly reasons: readonly { readonly Code?: string; readonly Item?: Readonly<Record<string, AttributeValue>> }[] | undefined;
}

const kindsByName: ReadonlyMap<string, FaultKind> = new Map<string, FaultKind>([
  ["ConditionalCheckFailedException", "condition"],
  ["TransactionConflictException", "conflict"],
  ["ReplicatedWriteConflictException", "conflict"],
  ["ConditionalRequestConflict", "conflict"],
  // The first request with this token still runs, and may end either way.
  ["TransactionInProgressException", "unknown"],
  ["IdempotentParameterMismatchException", "refused"],
  ["ProvisionedThroughputExceededException", "throttled"],
  ["ThrottlingException", "throttled"],
  ["RequestLimitExceeded", "throttled"],
  ["SlowDown", "throttled"],
  // Before anything is sent, a request needs credentials.
  ["CredentialsProviderError", "unreachable"],
  ["TokenProviderError", "unreachable"],
]);

/** No connection was made, so nothing was sent. Other socket errors also hit connections in use. */
const unreachableCodes = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN"]);

const kindsByReason: ReadonlyMap<string, WriteFault["kind"]> = new Map<string, WriteFault["kind"]>([
  ["None", "none"],
  ["ConditionalCheckFailed", "condition"],
  ["TransactionConflict", "conflict"],
  ["ThrottlingError", "throttled"],
  ["ProvisionedThroughputExceeded", "throttled"],
  ["RequestLimitExceeded", "throttled"],
  ["ValidationError", "refused"],
  ["ItemCollectionSizeLimitExceeded", "refused"],
]);

/** What says most about a transaction comes first. */
const severity = ["refused", "condition", "conflict", "throttled"] satisfies FaultKind[];

/** Any error of an SDK call as a StoreFault. What is not surely known to have done nothing is `unknown`. */
export function storeFault(reason: unknown): StoreFault {
  if (reason instanceof StoreFault) return reason;
  const error = sdkErrorOf(reason);
  const message = reason instanceof Error ? `${error.name}: ${reason.message}` : String(reason);
  if (error.name === "TransactionCanceledException") {
    const writes = (error.reasons ?? []).map(writeFault);
    const kind = severity.find((each) => writes.some((write) => write.kind === each)) ?? "refused";
    return new StoreFault(kind, message, { writes, cause: reason });
  }
  const kind = kindOf(error);
  const item = kind === "condition" && error.item !== undefined ? fromSdk(error.item, "refused") : undefined;
  return new StoreFault(kind, message, { item, cause: reason });
}

/** An SDK's answer, or the StoreFault that its error is. */
export async function sent<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (reason) {
    throw storeFault(reason);
  }
}

/** @returns the status of the response that the error was made from; undefined when there was none */
export function statusOf(reason: unknown): number | undefined {
  return sdkErrorOf(reason).status;
}

export function nameOf(reason: unknown): string {
  return sdkErrorOf(reason).name;
}

function kindOf({ name, code, status, isClockCorrected }: SdkError): FaultKind {
  const known = kindsByName.get(name);
  if (known !== undefined) return known;
  if (status === undefined) return code !== undefined && unreachableCodes.has(code) ? "unreachable" : "unknown";
  if (status === 429 || (isClockCorrected && status < 500)) return "throttled";
  return status >= 400 && status < 500 && status !== 408 ? "refused" : "unknown";
}

/** A cancelled transaction did nothing, whatever the reason. */
function writeFault({ Code: code = "None", Item: item }: NonNullable<SdkError["reasons"]>[number]): WriteFault {
  const kind = kindsByReason.get(code) ?? "refused";
  return kind === "condition" && item !== undefined ? { kind, item: fromSdk(item, "refused") } : { kind };
}

function sdkErrorOf(reason: unknown): SdkError {
  const error = (typeof reason === "object" && reason !== null ? reason : {}) as {
    readonly name?: string;
    readonly code?: string;
    readonly Item?: SdkError["item"];
    readonly CancellationReasons?: SdkError["reasons"];
    readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: boolean };
  };
  return {
    name: error.name ?? "Error",
    code: error.code,
    status: error.$metadata?.httpStatusCode,
    isClockCorrected: error.$metadata?.clockSkewCorrected === true,
    item: error.Item,
    reasons: error.CancellationReasons,
  };
}
