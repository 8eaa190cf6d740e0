import { isConflict, LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { decideLease, isDue, type LeaseDecision, type SharedQuota } from "../../core/quota-lease.ts";
import { type QuotaAmounts, type QuotaKind, quotaKinds, type QuotaRates } from "../../core/quota-rates.ts";
import type { Catalog, CatalogItem, JsonValue } from "../../ports/catalog.ts";
import { rowValue } from "../row-set.ts";
import type { QuotaClock } from "./quota-clock.ts";

const formatVersion = 1;

export interface Leased extends Pick<LeaseDecision, "waitsMs"> {
  /** What may be spent in place of what was held. Nothing, when nothing was given back either, as there is none of the wanted kind. */
  readonly granted: QuotaAmounts;
  /** How often others were faster. */
  readonly conflicts: number;
}

/**
 * Leases from one principal's shared balances by compare-and-set: one read, and one write where there is something to lease or a debt to tell.
 * @throws conflict when others lease all the time; what the catalog throws
 */
export async function leaseFrom(
  catalog: Catalog,
  clock: QuotaClock,
  principal: string,
  { rates, held, wanted }: { readonly rates: QuotaRates; readonly held: QuotaAmounts; readonly wanted: QuotaKind },
): Promise<Leased> {
  const key = { pk: "quota-use", sk: principal };
  for (let conflicts = 0; ; ) {
    const item = await catalog.get(key);
    const before = item === undefined ? undefined : sharedOf(item);
    if (before !== undefined) clock.follow(before.atMs);
    const decision = decideLease(before, rates, held, clock.nowMs());
    if (!isDue(decision, rates, held, wanted)) return { waitsMs: decision.waitsMs, granted: {}, conflicts };
    try {
      await catalog.transact([{ key, put: rowOf(decision.shared), if: item?.version ?? "absent" }]);
      return { ...decision, conflicts };
    } catch (reason) {
      if (!isConflict(LogError.from(reason)) || ++conflicts === limits.quotaLeaseAttemptsMax) throw reason;
    }
  }
}

function rowOf({ atMs, balances }: SharedQuota): JsonValue {
  return { v: formatVersion, atMs, ...balances };
}

function sharedOf(item: CatalogItem): SharedQuota {
  const value = rowValue(item, "The use of quotas by");
  const number = (name: string): number | undefined => (typeof value[name] === "number" ? value[name] : undefined);
  const balances = Object.fromEntries(quotaKinds.flatMap((kind) => (number(kind) === undefined ? [] : [[kind, number(kind)]])));
  return { atMs: number("atMs") ?? 0, balances };
}
