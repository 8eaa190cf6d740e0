import type { Bucket } from "../../../engines/aws/bucket.ts";
import { decodeHead } from "../../../engines/aws/items/head.ts";
import { decodePage } from "../../../engines/aws/items/page.ts";
import type { Item, Key, Table } from "../../../engines/aws/table.ts";

/** A stored payload that nobody may refer to. */
interface Candidate {
  readonly id: string;
  readonly fenceEpoch: number;
  delete(): Promise<void>;
}

/**
 * Collects payloads that no entry refers to, as the janitor will (design, P9), and at once: no grace, so that the fence alone keeps it from deleting what
 * a slow writer is about to commit. It raises `fe`, sees it raised, marks what the head and then the pages refer to, and deletes the rest of those epochs.
 *
 * @param snapshot every item of the table, as a listing would show it
 */
export async function collectOnce(
  storage: { readonly table: Table; readonly bucket: Bucket },
  snapshot: () => readonly Item[],
): Promise<void> {
  for (const item of snapshot()) {
    const { pk, sk } = keyOf(item);
    if (pk.startsWith("H#")) await collectShard(storage, snapshot, { pk, sk });
  }
}

async function collectShard(
  storage: { readonly table: Table; readonly bucket: Bucket },
  snapshot: () => readonly Item[],
  headKey: Key,
): Promise<void> {
  const { table } = storage;
  const shard = headKey.pk.slice("H#".length);
  const candidates = [...itemsOf(table, snapshot(), shard), ...(await objectsOf(storage.bucket, shard))];
  const target = Math.max(-1, ...candidates.map(({ fenceEpoch }) => fenceEpoch));
  if (target < 0) return;
  const raise = { update: "SET fe = :x", condition: "fe < :x", values: { ":x": { N: String(target) } } };
  await table.update(headKey, raise).catch(() => undefined);
  const item = await table.get(headKey);
  const head = item && decodeHead(item);
  if (head === undefined || head.fence < target) return;
  const marked = new Set(head.tail().map(({ stored }) => stored.payload.id));
  for (const page of await pagesOf(table, `J#${shard}`)) for (const { stored } of decodePage(page).entries) marked.add(stored.payload.id);
  for (const candidate of candidates) if (!marked.has(candidate.id)) await candidate.delete();
}

async function pagesOf(table: Table, pk: string): Promise<readonly Item[]> {
  const pages: Item[] = [];
  for (let after: string | undefined; ; ) {
    const { items, hasMore } = await table.query({ pk, limit: 100, ...(after !== undefined && { after }) });
    pages.push(...items);
    const last = items.at(-1);
    if (!hasMore || last === undefined) return pages;
    after = keyOf(last).sk;
  }
}

function itemsOf(table: Table, items: readonly Item[], shard: string): readonly Candidate[] {
  return items.map(keyOf).flatMap((key) => {
    if (!key.pk.startsWith(`B#${shard}#`)) return [];
    return [{ id: key.sk, fenceEpoch: Number(key.pk.split("#")[3]), delete: () => table.delete(key) }];
  });
}

async function objectsOf(bucket: Bucket, shard: string): Promise<readonly Candidate[]> {
  const found = await bucket.list("j/", { limit: 1_000 });
  return found.flatMap(({ key }) => {
    const [, , epoch, owner, id = ""] = key.split("/");
    return owner === shard.replace("#", ".") ? [{ id, fenceEpoch: Number(epoch), delete: () => bucket.delete([key]) }] : [];
  });
}

function keyOf(item: Item): Key {
  const text = (name: string): string => {
    const value = item[name];
    return value !== undefined && "S" in value ? value.S : "";
  };
  return { pk: text("pk"), sk: text("sk") };
}
