import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Carrier, Consumers, Delivery, DeliveryReport } from "../../log/consumers/consumers.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Remaining } from "../invocation.ts";
import type { StartDelivery } from "./start-delivery.ts";

export interface DeliverParts {
  readonly consumers: Pick<Consumers, "deliver">;
  readonly carrier: Carrier;
  readonly clock: Clock;
  /** Who goes on when this invocation's time is over. */
  readonly start: StartDelivery;
  /** Runs before the invocation ends, however it does. */
  readonly settle: () => Promise<void>;
}

/**
 * Delivers one partition as long as it has records and the invocation has time, then hands it on. It does not linger when there is nothing more: the next record's hint starts
 * it again, and an environment that waits costs as one that works.
 * @returns undefined when the consumer was removed meanwhile
 */
export function deliverHandler({ consumers, carrier, clock, start, settle }: DeliverParts) {
  return async (delivery: Delivery, context: Remaining): Promise<DeliveryReport | undefined> => {
    try {
      const endMs = clock.nowMs() + context.getRemainingTimeInMillis() - limits.lambdaEndMarginMs;
      const report = await consumers.deliver(delivery, carrier, { endMs }).catch(removed);
      if (report?.state === "handed-on") await start({ ...delivery, ...(report.token !== undefined && { token: report.token }) });
      return report;
    } finally {
      await settle();
    }
  };
}

function removed(reason: unknown): undefined {
  if (LogError.from(reason).code !== "group_id_not_found") throw reason;
  return undefined;
}
