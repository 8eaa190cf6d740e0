import type { LogError } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { ClientRandom } from "./options.ts";

const firstMs = 50;
const mostMs = 2_000;

/** How long to wait before the next attempt (`attempt` from 0): full jitter under a doubling bound, and at least what the server asks for. */
export function backoffMs(attempt: number, random: ClientRandom, error?: LogError): number {
  const bound = Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 16));
  return Math.max(error?.retryAfterMs ?? 0, fraction(random) * bound);
}

/** A number from 0 up to, but not, 1. */
export function fraction(random: ClientRandom): number {
  const [a = 0, b = 0, c = 0, d = 0] = random.bytes(4);
  return (((a * 256 + b) * 256 + c) * 256 + d) / 2 ** 32;
}

const passing: ReadonlySet<ErrorCode> = new Set(["conflict", "throttled", "timeout", "unavailable"]);

/** Whether the same request may succeed later although nothing about it changes. An unknown outcome is the caller's to judge. */
export function isPassing(error: LogError): boolean {
  return error.retryAfterMs !== undefined || passing.has(error.code);
}
