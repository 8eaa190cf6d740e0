import { LogError } from "../../../lib/core/errors.ts";
import { limits } from "../../../lib/core/limits.ts";
import type { Carrier, Delivery } from "../../../lib/log/consumers/consumers.ts";
import type { Log } from "../../../lib/log/log.ts";
import type { Clock } from "../../../lib/ports/clock.ts";
import type { Prng } from "../../../lib/testing/sim/prng.ts";
import { pause } from "../groups/pause.ts";
import type { Notes } from "./notes.ts";
import type { Weather } from "./weather.ts";

export const targetTimeoutMs = 10_000;
/** By the log's clock: some have time for a call, others for many. */
const spareMsMax = 30_000;
const lookEveryMs = 60;
const lostHandOnChance = 0.1;

export interface DelivererParts {
  readonly log: Log;
  readonly carrier: Carrier;
  readonly weather: Weather;
  readonly clock: Clock;
  readonly notes: Notes;
  readonly prng: Prng;
  /** Deliveries that were handed on, to whoever takes them. */
  readonly handedOn: Delivery[];
  readonly isOver: () => boolean;
}

/** Looks for what is pending and delivers some of it, over and over, beside others who do the same. */
export async function deliver({ log, carrier, weather, clock, notes, prng, handedOn, isOver }: DelivererParts): Promise<void> {
  while (!isOver()) {
    try {
      const pending = await log.consumers.pending();
      const given = handedOn.splice(0, 1);
      const some = pending.filter(() => prng.chance(0.6));
      for (const delivery of [...given, ...some]) {
        const endMs = clock.nowMs() + targetTimeoutMs + limits.deliverMarginMs + prng.between(0, spareMsMax);
        const report = await log.consumers.deliver(delivery, carrier, { endMs });
        notes.count(`deliveries: ${report.state}`);
        notes.count("calls", report.calls);
        notes.count("failed calls", report.failedCalls);
        const { token } = report;
        const isLost = weather.isFaulty && prng.chance(lostHandOnChance);
        if (token === undefined || isLost) continue;
        handedOn.push({ ...delivery, token });
        // Asynchronous invocations come twice now and then.
        if (weather.isFaulty && prng.chance(lostHandOnChance)) handedOn.push({ ...delivery, token });
      }
    } catch (reason) {
      const { code, outcome, message } = LogError.from(reason);
      if (code !== "timeout") notes.problems.push(`deliver: ${code}, ${outcome}: ${message}`);
      else notes.count("deliveries that met too many lost answers");
    }
    await pause(lookEveryMs);
  }
}
