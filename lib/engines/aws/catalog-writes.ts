import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { CatalogCondition, CatalogItem, CatalogKey, CatalogWrite, JsonValue } from "../../ports/catalog.ts";
import { checkVersion, corrupt, formatVersion, n, readNumber, readText, s } from "./items/values.ts";
import { catalogPk } from "./keys.ts";
import type { Change, Condition, Item, Key, TransactWrite, Value } from "./table.ts";

/** Catalog items: `v` format · `ver` version · `d` value as JSON text · `w` id of the write that made it so. */

export function catalogKey({ pk, sk }: CatalogKey): Key {
  return { pk: catalogPk(pk), sk };
}

/** @throws corrupt_log, unsupported_version */
export function decodeCatalogItem(item: Item, pk: string): CatalogItem {
  checkVersion(item, "A catalog item");
  const sk = readText(item["sk"], "a catalog item's sk");
  try {
    const value = JSON.parse(readText(item["d"], "a catalog item's d")) as JsonValue;
    return { key: { pk, sk }, version: readNumber(item["ver"], "a catalog item's ver"), value };
  } catch (cause) {
    throw corrupt(`catalog item ${pk} ${sk}`, cause);
  }
}

/** @throws invalid_request, request_too_large: nothing was written */
export function checkCatalogWrites(writes: readonly CatalogWrite[]): void {
  const seen = new Set<string>();
  let bytes = 0;
  for (const write of writes) {
    const { pk, sk } = write.key;
    if (pk === "" || sk === "") throw new LogError("invalid_request", "A catalog key's pk and sk must not be empty.");
    const name = JSON.stringify([pk, sk]);
    if (seen.has(name)) throw new LogError("invalid_request", `One transaction writes the catalog item ${name} twice.`);
    seen.add(name);
    if (!("put" in write)) continue;
    const own = new TextEncoder().encode(JSON.stringify(write.put)).length;
    bytes += own;
    if (own > limits.catalogValueBytesMax) {
      throw new LogError("request_too_large", `The catalog item ${name} has ${own} bytes; the most is ${limits.catalogValueBytesMax}.`);
    }
  }
  if (bytes > limits.awsTransactBytesMax - limits.catalogValueBytesMax) {
    throw new LogError(
      "request_too_large",
      `One transaction's catalog values have ${bytes} bytes together, which is too much: write fewer at once.`,
    );
  }
}

/** A write as one of a transaction. @param writeId marks what it writes */
export function transactWriteOf(write: CatalogWrite, writeId: string): TransactWrite {
  const key = catalogKey(write.key);
  if ("put" in write) return { kind: "update", key, change: putChange(write.put, write.if, writeId) };
  const condition = conditionOf(write.if);
  if ("delete" in write) return { kind: "delete", key, ...(condition && { condition }) };
  return { kind: "check", key, condition: condition ?? conditionOf("absent") ?? { condition: "" } };
}

export function putChange(value: JsonValue, condition: CatalogCondition, writeId: string): Change {
  const held = conditionOf(condition);
  const values: Record<string, Value> = {
    ":v": n(formatVersion),
    ":zero": n(0),
    ":one": n(1),
    ":d": s(JSON.stringify(value)),
    ":w": s(writeId),
    ...held?.values,
  };
  return {
    update: "SET v = :v, ver = if_not_exists(ver, :zero) + :one, d = :d, w = :w",
    ...(held && { condition: held.condition }),
    values,
  };
}

export function conditionOf(condition: CatalogCondition): Condition | undefined {
  if (condition === "any") return undefined;
  if (condition === "absent") return { condition: "attribute_not_exists(pk)" };
  return { condition: "ver = :ver", values: { ":ver": n(condition) } };
}

export function catalogConflict({ pk, sk }: CatalogKey): LogError {
  return new LogError("conflict", `The catalog item ${pk} ${sk} is not as this write expects it: read it again.`);
}
