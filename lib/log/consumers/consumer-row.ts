import type { CatalogItem, CatalogKey, CatalogWrite, JsonValue } from "../../ports/catalog.ts";
import { newerFormat } from "../newer-format.ts";
import type { Consumer } from "./consumers.ts";
import type { ConsumerSettings } from "./settings.ts";

/** A triggered consumer: the catalog's row `consumers`, its group. */
export const consumersPk = "consumers";

const formatVersion = 1;

export function consumerKey(group: string): CatalogKey {
  return { pk: consumersPk, sk: group };
}

export function readConsumer({ key, version, value }: CatalogItem): Consumer {
  const { v, ...settings } = value as unknown as Omit<Consumer, "version"> & { readonly v: number };
  if (v !== formatVersion) throw newerFormat(`Consumer ${key.sk}`, v, formatVersion);
  // Not in JSON where they are not set.
  return { ...settings, startingPositionTimestampMs: settings.startingPositionTimestampMs, onFailure: settings.onFailure, version };
}

/** Fails when the row is not as it was any more. @param version of the row; 0 when there is none */
export function consumerWrite(settings: ConsumerSettings, createdMs: number, version: number): CatalogWrite {
  const kept = Object.entries(settings).filter(([name, value]) => value !== undefined && name !== "version");
  const put = { ...(Object.fromEntries(kept) as Record<string, JsonValue>), v: formatVersion, createdMs };
  return { key: consumerKey(settings.group), put, if: version === 0 ? "absent" : version };
}
