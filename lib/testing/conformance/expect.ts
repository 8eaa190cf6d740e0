import assert from "node:assert/strict";
import { LogError } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/errors.ts";

/** The promise rejects with a LogError of one of these codes, certainly not applied. */
export async function refused(promise: Promise<unknown>, ...codes: readonly ErrorCode[]): Promise<LogError> {
  const error = await promise.then(
    (value: unknown) => assert.fail(`expected ${codes.join(" or ")}, got an answer: ${shown(value)}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof LogError, `expected a LogError, got ${String(error)}`);
  assert.ok(codes.includes(error.code), `expected ${codes.join(" or ")}, got ${error.code}: ${error.message}`);
  assert.equal(error.outcome, "not-applied", `${error.code} is certainly not applied`);
  return error;
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part));
}
