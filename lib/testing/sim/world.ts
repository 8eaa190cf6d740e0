import { LogError } from "../../core/errors.ts";
import type { Log } from "../../log/log.ts";
import type { Life } from "./life.ts";
import type { Network } from "./network.ts";
import type { Prng } from "./prng.ts";
import type { SimProcess } from "./process.ts";
import type { Recorder } from "./recorder.ts";
import type { Scheduler } from "./scheduler.ts";

export const topicName = "sim";

/** How long a client waits for the log. */
export const clientTimeoutMs = 1_500;

/** What the clients of one run share. */
export interface World {
  readonly scheduler: Scheduler;
  /** Between clients and the log. */
  readonly network: Network;
  readonly processes: readonly SimProcess[];
  readonly recorder: Recorder;
  readonly clients: Life[];
  /** Of all its idempotent clients. */
  readonly producerIds: Set<bigint>;
  /** How many partitions the topic certainly has. */
  partitions: number;
}

/** One client: a life of its own with its own draws. */
export interface Self {
  readonly life: Life;
  readonly prng: Prng;
  /** How many operations it does before it is done. */
  readonly operations: number;
}

export type Client = (world: World, self: Self) => Promise<void>;

/** Asks some process, as behind a load balancer. Rejects with LogError only. */
export function ask<T>(world: World, self: Self, what: string, run: (log: Log) => Promise<T>, repeatable = false): Promise<T> {
  const process = world.processes[self.prng.between(0, world.processes.length - 1)];
  if (process === undefined) return Promise.reject(new LogError("unavailable", "there is no process"));
  return world.network.call(self.life, `${what} by ${process.name}`, () => process.serve(run), { timeoutMs: clientTimeoutMs, repeatable });
}

/** A client's time to think. */
export function pause(self: Self, msMax: number): Promise<void> {
  return new Promise((resolve) => self.life.after(self.prng.fraction() * msMax, resolve));
}

/** Answers that mean that this log, or this client, is broken: the simulator's clients never do what would earn them. */
const impossible = new Set([
  "internal",
  "corrupt_log",
  "corrupt_message",
  "unsupported_version",
  "offset_out_of_range",
  "sequence_reused",
  "invalid_request",
]);

export function noteProblem(world: World, self: Self, what: string, error: LogError): void {
  if (impossible.has(error.code)) world.recorder.problem(`${self.life.name} was told ${error.code} for ${what}: ${error.message}`);
}
