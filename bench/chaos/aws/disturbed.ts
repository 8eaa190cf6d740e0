import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { S3Client } from "@aws-sdk/client-s3";
import type { Life } from "../../../lib/testing/sim/life.ts";
import type { Prng } from "../../../lib/testing/sim/prng.ts";
import type { FaultLog } from "./fault-log.ts";
import type { Mix } from "./mixes.ts";
import { mayArriveTwice, requestOf, type SentRequest } from "./requests.ts";
import { conflicting, connectionRefused, connectionReset, serverFailed, throttled, timedOut } from "./sdk-errors.ts";
import type { Wire } from "./wire.ts";

export interface Disturbance {
  /** The process that sends: after its end nothing is sent and no answer arrives; while it is frozen, both wait. */
  readonly life: Life;
  readonly wire: Wire;
  readonly prng: Prng;
  /** Asked with each request. */
  readonly mix: () => Mix;
  readonly log: FaultLog;
  /** Logs every write and its outcome. */
  readonly isVerbose: boolean;
}

/** The stacks of both clients take the same middleware. */
export type Stack = DynamoDBClient["middlewareStack"];

const kinds = ["throttled", "conflict", "unreachable", "dropped", "failed", "lost", "late", "repeated"] as const;
type Fault = (typeof kinds)[number];

const hangMsMax = 600;

/** Makes a client's requests meet faults, below the SDK's own retry: each of its attempts does. */
export function disturb(client: DynamoDBClient | S3Client, parts: Disturbance): void {
  const stack = client.middlewareStack as Stack;
  const disturbed = new Disturbed(parts);
  stack.add((next, context) => (args) => disturbed.send(requestOf(args.input, context["commandName"] as string), () => next(args)), {
    name: "disturb",
    step: "finalizeRequest",
    priority: "low",
  });
}

class Disturbed {
  readonly #parts: Disturbance;

  constructor(parts: Disturbance) {
    this.#parts = parts;
  }

  async send<T>(request: SentRequest, next: () => Promise<T>): Promise<T> {
    const { prng, wire, log, life } = this.#parts;
    const mix = this.#mixFor(request);
    log.count("requests");
    await this.#turn();
    if (prng.chance(mix.slow)) await this.#pause(prng.fraction() * mix.slowMsMax);
    const fault = drawFault(mix, request, prng);
    if (fault !== undefined) log.fault(fault, `${life.name} ${request.operation} ${request.key}`);
    switch (fault) {
      case "throttled":
        throw throttled(request);
      case "conflict":
        throw conflicting(request, prng.between(0, Math.max(0, request.writes - 1)));
      case "unreachable":
        throw connectionRefused();
      case "dropped":
        await this.#pause(prng.fraction() * hangMsMax);
        throw connectionReset();
      case "late":
        wire.hold(prng.fraction() * mix.lateMsMax, next);
        await this.#pause(prng.fraction() * hangMsMax);
        throw timedOut();
      case "failed":
        if (prng.chance(0.5)) await this.#sent(request, next).catch(() => undefined);
        await this.#turn();
        throw serverFailed(request);
      case "lost":
        await this.#sent(request, next).catch(() => undefined);
        await this.#turn();
        throw connectionReset();
      case "repeated":
        wire.hold(prng.fraction() * mix.lateMsMax, next);
        break;
      case undefined:
    }
    try {
      return await this.#sent(request, next);
    } finally {
      if (prng.chance(mix.slowAnswer)) await this.#pause(prng.fraction() * mix.slowMsMax);
      await this.#turn();
    }
  }

  #mixFor(request: SentRequest): Mix {
    const mix = this.#parts.mix();
    const isHit = mix.only?.(request) ?? true;
    return isHit ? mix : { ...mix, ...untouched };
  }

  async #sent<T>(request: SentRequest, next: () => Promise<T>): Promise<T> {
    const { wire, log, isVerbose, life } = this.#parts;
    if (!isVerbose || !request.isWrite) return await wire.run(next);
    const what = `${life.name} ${request.operation} ${request.key} IF ${request.condition}`;
    log.write(what);
    try {
      const answer = await wire.run(next);
      log.write(`${what}: done`);
      return answer;
    } catch (reason) {
      log.write(`${what}: ${reason instanceof Error ? reason.name : String(reason)}`);
      throw reason;
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#parts.life.after(ms, resolve));
  }

  /** At once when the process runs, later when it is frozen, never when it is gone. */
  async #turn(): Promise<void> {
    const { life } = this.#parts;
    if (!life.isAlive || life.frozenUntilMs > 0) await this.#pause(0);
  }
}

const untouched = { slow: 0, slowAnswer: 0, ...Object.fromEntries(kinds.map((kind) => [kind, 0])) };

function drawFault(mix: Mix, request: SentRequest, prng: Prng): Fault | undefined {
  let left = prng.fraction();
  for (const kind of kinds) {
    left -= mix[kind];
    if (left < 0) return isPossible(kind, request) ? kind : undefined;
  }
  return undefined;
}

function isPossible(kind: Fault, request: SentRequest): boolean {
  if (kind === "conflict") return request.isWrite && request.operation !== "DeleteObjects";
  if (kind === "late") return request.isWrite;
  return kind !== "repeated" || (request.isWrite && mayArriveTwice(request));
}
