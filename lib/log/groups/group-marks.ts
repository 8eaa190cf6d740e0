import type { CatalogItem, CatalogWrite } from "../../ports/catalog.ts";
import { padTime } from "../strata/garbage.ts";

/** When the janitor has to look at a group: rows by the time from which on its offsets' retention counts. Each group has one from its making on. */
export const groupMarksPk = "group-marks";

export function groupMarkWrite(group: string, fromMs: number): CatalogWrite {
  return { key: { pk: groupMarksPk, sk: `${padTime(fromMs)}-${group}` }, put: 1, if: "any" };
}

export function readGroupMark({ key: { sk } }: CatalogItem): { readonly group: string; readonly fromMs: number } {
  const dash = sk.indexOf("-");
  return { group: sk.slice(dash + 1), fromMs: Number(sk.slice(0, dash)) };
}
