import { LogError } from "../../core/errors.ts";
import type { Engine } from "../../ports/engine.ts";
import { MemoryItems, memoryCatalog } from "./catalog.ts";
import { memoryJournal } from "./journal.ts";
import { memoryObjectStore } from "./object-store.ts";
import type { MemoryObject } from "./object-store.ts";
import type { MemoryShard } from "./shard.ts";
import { memoryUpkeep } from "./upkeep.ts";

/** What outlives an engine: the memory engine's "disk". */
export interface MemoryStore {
  readonly shards: Map<string, MemoryShard>;
  readonly items: MemoryItems;
  readonly objects: Map<string, MemoryObject>;
  readonly nowMs: () => number;
}

/** @param options.nowMs the clock of objects' `modifiedMs`; default the machine's */
export function createMemoryStore(options: { readonly nowMs?: () => number } = {}): MemoryStore {
  return { shards: new Map(), items: new MemoryItems(), objects: new Map(), nowMs: options.nowMs ?? Date.now };
}

/**
 * The reference engine: everything in memory, nothing survives the process. Several engines may be open over one store
 * at once; a closed one answers `unavailable`, and a new one over the same store finds all that was there.
 */
export function createMemoryEngine(store: MemoryStore = createMemoryStore()): Engine {
  let closed = false;
  const ensureOpen = (): void => {
    if (closed) throw new LogError("unavailable", "This engine was closed: open another one.");
  };
  return {
    journal: memoryJournal(store.shards, store.items, ensureOpen),
    objects: memoryObjectStore(store.objects, store.nowMs, ensureOpen),
    catalog: memoryCatalog(store.items, ensureOpen),
    upkeep: memoryUpkeep(ensureOpen),
    isShared: true,
    async close() {
      closed = true;
    },
  };
}
