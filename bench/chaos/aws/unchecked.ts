import { writeInt32 } from "../../../lib/core/codec/bytes.ts";
import { crc32c } from "../../../lib/core/codec/crc32c.ts";
import type { Storage } from "../../../lib/engines/aws/index.ts";
import type { Item, Query, QueryPage, Table, Value } from "../../../lib/engines/aws/table.ts";

type Stores = Pick<Storage, "table" | "bucket">;

/** Payload bytes start with the format's version; a part's checksum stands before it. */
const partAt = 5;
const share = 0.05;

/** Readers get damaged payloads whose checksums are right, as if they were not checked. */
export function uncheckedBytes({ table, bucket }: Stores): Stores {
  return {
    table: {
      ...table,
      get: async (key, options) => {
        const item = await table.get(key, options);
        const value = item?.["d"];
        if (item === undefined || !key.pk.startsWith("B#") || value === undefined || !("B" in value)) return item;
        return { ...item, d: { B: damaged(value.B, key.sk) } };
      },
    },
    bucket: {
      ...bucket,
      get: async (key, range) => {
        const found = await bucket.get(key, range);
        return found instanceof Uint8Array && range === undefined ? damaged(found, key.split("/").at(-1) ?? "") : found;
      },
    },
  };
}

/** Of a payload of a single part; another is left as it is, as one cannot tell where in it the checksums stand. */
function damaged(payload: Uint8Array, id: string): Uint8Array {
  const sum = new DataView(payload.buffer, payload.byteOffset).getUint32(1);
  const index = [...Array(16).keys()].find((each) => checksum(id, each, payload.subarray(partAt)) === sum);
  if (index === undefined || Math.random() > share) return payload;
  const own = new Uint8Array(payload);
  // Near the end: in the last record's value.
  const at = own.length - 3;
  own[at] = (own[at] ?? 0) ^ 1;
  writeInt32(own, 1, checksum(id, index, own.subarray(partAt)));
  return own;
}

/** As `lib/engines/aws/items/payload.ts` says. */
function checksum(id: string, index: number, bytes: Uint8Array): number {
  return crc32c(bytes, crc32c(new TextEncoder().encode(`${id}/${index}`)));
}

/** A query of pages that misses the first shows the next one in its place: as if nobody looked where a page begins. */
export function uncoveredPages({ table, bucket }: Stores): Stores {
  return { table: { ...table, query: async (request) => shifted(request, await table.query(request)) } satisfies Table, bucket };
}

function shifted({ pk, descending = false }: Query, page: QueryPage): QueryPage {
  const [first, second, ...others] = page.items;
  if (!pk.startsWith("J#") || descending || first === undefined || second === undefined || Math.random() > share) return page;
  const [start, refs] = [Number(text(first["sk"]).split("#")[0]), second["refs"]];
  if (refs === undefined || !("L" in refs)) return page;
  const rollId = text(second["sk"]).split("#")[1] ?? "";
  const sk = `${String(start).padStart(19, "0")}#${rollId}`;
  const moved: Item = { ...second, sk: { S: sk }, nx: { N: String(start + refs.L.length) } };
  return { ...page, items: [moved, ...others] };
}

function text(value: Value | undefined): string {
  return value !== undefined && "S" in value ? value.S : "";
}
