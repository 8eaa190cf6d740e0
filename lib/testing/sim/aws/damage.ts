import type { Stores } from "../../../engines/aws/context.ts";
import type { Item } from "../../../engines/aws/table.ts";
import type { Prng } from "../prng.ts";

/**
 * Flips a bit in some of the payloads that are read, in each of them once at most: bytes can be damaged on their way, and reading them again helps.
 * @param chance of one read
 */
export function damaging(storage: Stores, prng: Prng, chance: () => number): Stores {
  const { table, bucket } = storage;
  const struck = new Set<string>();
  const damaged = (name: string, bytes: Uint8Array): Uint8Array => {
    if (struck.has(name) || bytes.length < 2 || !prng.chance(chance())) return bytes;
    struck.add(name);
    const copy = bytes.slice();
    const at = prng.between(0, copy.length - 1);
    copy[at] = (copy[at] ?? 0) ^ (1 << prng.between(0, 7));
    return copy;
  };
  return {
    table: {
      ...table,
      get: async (key, options) => {
        const item = await table.get(key, options);
        const bytes = item?.["d"];
        if (!key.pk.startsWith("B#") || bytes === undefined || !("B" in bytes)) return item;
        return { ...item, d: { B: damaged(key.sk, bytes.B) } } satisfies Item;
      },
    },
    bucket: {
      ...bucket,
      get: async (key, range) => {
        const found = await bucket.get(key, range);
        return found instanceof Uint8Array ? damaged(key, found) : found;
      },
    },
  };
}
