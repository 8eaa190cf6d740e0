import { mapBounded } from "../../core/bounded.ts";
import { limits } from "../../core/limits.ts";
import { offsetRows, offsetWrite, type PlacedOffset } from "../groups/offset-row.ts";
import { transactIf } from "../transact-if.ts";
import type { Consumer } from "./consumers.ts";
import { noDelivery } from "./lease.ts";
import type { DeliveryServices } from "./services.ts";

/** What waits to be tried again waits no more. A partition that another process delivers is left to that one, which waits for `limits.deliverSleepMsMax` at most. */
export async function forgetWaits(
  { catalog, clock }: Pick<DeliveryServices, "catalog" | "clock">,
  { group, topic }: Pick<Consumer, "group" | "topic">,
): Promise<void> {
  const nowMs = clock.nowMs();
  const waiting: PlacedOffset[] = [];
  for await (const row of offsetRows(catalog, group)) {
    const { retryAtMs, untilMs } = row.delivery ?? noDelivery;
    if (row.topic === topic && retryAtMs > nowMs && untilMs <= nowMs) waiting.push(row);
  }
  await mapBounded(waiting, limits.shardConcurrency, async (row) => {
    // One that is not as it was is being delivered, or was set elsewhere.
    await transactIf(catalog, [offsetWrite(row.key, row, { ...row, delivery: { ...noDelivery, ...row.delivery, retryAtMs: 0 } })]);
  });
}
