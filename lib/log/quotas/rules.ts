import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { everyone } from "../../core/access/principal.ts";
import { changedRates, type QuotaChange, quotaKinds, type QuotaRates } from "../../core/quota-rates.ts";
import type { CatalogItem } from "../../ports/catalog.ts";
import { RowSet, type RowSetServices, rowValue } from "../row-set.ts";
import type { PrincipalQuota, QuotaRules } from "./quotas.ts";

/** Who is held to what. */
export type RatesOf = (principal: string) => QuotaRates | undefined;

/** Where nobody has a quota. */
export const nobody: RatesOf = () => undefined;

const formatVersion = 1;

/** The rules as rows of the catalog. */
export class CatalogQuotaRules implements QuotaRules {
  readonly isEnforced: boolean;
  readonly #rows: RowSet<QuotaRates, RatesOf>;

  constructor(services: RowSetServices, isEnforced: boolean) {
    this.isEnforced = isEnforced;
    this.#rows = new RowSet(services, { pk: "quotas", read: readRates, view: ratesByPrincipal });
  }

  /** @throws unavailable when they cannot be read */
  ratesOf(): Promise<RatesOf> {
    return this.#rows.view();
  }

  async list(principal?: string): Promise<readonly PrincipalQuota[]> {
    const rows = await this.#rows.rows();
    const all = Array.from(rows, ([name, rates]) => ({ principal: name, rates }));
    return principal === undefined ? all : all.filter((one) => one.principal === principal);
  }

  async set(principal: string, change: QuotaChange): Promise<PrincipalQuota> {
    let rates: QuotaRates = {};
    await this.#rows.change((rows) => {
      const before = rows.get(principal);
      rates = changedRates(before ?? {}, change);
      if (isSame(before ?? {}, rates)) return [];
      if (Object.keys(rates).length === 0) return [{ sk: principal, row: rates }];
      if (before === undefined && rows.size >= limits.quotasMax) throw tooMany();
      return [{ sk: principal, row: rates, put: { v: formatVersion, ...rates } }];
    });
    return { principal, rates };
  }
}

function readRates(item: CatalogItem): QuotaRates {
  const value = rowValue(item, "The quota of");
  return Object.fromEntries(quotaKinds.flatMap((kind) => (typeof value[kind] === "number" ? [[kind, value[kind]]] : [])));
}

/** As in Kafka each kind is looked up by itself: a principal's own row, else everyone's. */
function ratesByPrincipal(rows: ReadonlyMap<string, QuotaRates>): RatesOf {
  if (rows.size === 0) return nobody;
  const common = rows.get(everyone);
  const own = new Map(Array.from(rows, ([principal, rates]) => [principal, { ...common, ...rates }]));
  return (principal) => own.get(principal) ?? common;
}

function isSame(one: QuotaRates, other: QuotaRates): boolean {
  return quotaKinds.every((kind) => one[kind] === other[kind]);
}

function tooMany(): LogError {
  return new LogError(
    "invalid_request",
    `${limits.quotasMax} principals have quotas, which is the most: take some away, or set one for all with ${everyone}.`,
  );
}
