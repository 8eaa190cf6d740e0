import type { AssignorName } from "../../core/groups/assignor.ts";
import type { Catalog, CatalogItem, CatalogKey, JsonValue } from "../../ports/catalog.ts";
import { eachItem } from "../each-item.ts";
import { newerFormat } from "../newer-format.ts";
import type { LiveMember, Subscription } from "./group-state.ts";

/** A member's newest beat: the catalog's row `members/<group>`, its id. */
export interface MemberRow extends LiveMember {
  /** Of the row; 0 when there is none yet. */
  readonly version: number;
  readonly assignor: AssignorName;
  readonly sessionTimeoutMs: number;
  readonly beatMs: number;
}

const formatVersion = 1;

export function membersPk(group: string): string {
  return `members/${group}`;
}

export function memberKey(group: string, member: string): CatalogKey {
  return { pk: membersPk(group), sk: member };
}

export function memberValue({ session, subscription, assignor, sessionTimeoutMs, beatMs }: Omit<MemberRow, "version">): JsonValue {
  return { v: formatVersion, session, subscription: subscription as unknown as JsonValue, assignor, sessionTimeoutMs, beatMs };
}

/** All of a group, those too that are gone, by id. */
export async function memberRows(catalog: Catalog, group: string): Promise<ReadonlyMap<string, MemberRow>> {
  const rows = new Map<string, MemberRow>();
  for await (const item of eachItem(catalog, membersPk(group))) rows.set(item.key.sk, readMember(item));
  return rows;
}

export function isLive({ beatMs, sessionTimeoutMs }: MemberRow, nowMs: number): boolean {
  return nowMs - beatMs <= sessionTimeoutMs;
}

export function readMember({ key, version, value }: CatalogItem): MemberRow {
  const { v, ...row } = value as unknown as Omit<MemberRow, "version"> & { readonly v: number; readonly subscription: Subscription };
  if (v !== formatVersion) throw newerFormat(`Member ${key.sk} of ${key.pk}`, v, formatVersion);
  return { ...row, version };
}
