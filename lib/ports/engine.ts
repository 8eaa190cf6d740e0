import type { Catalog } from "./catalog.ts";
import type { Journal } from "./journal.ts";
import type { ObjectStore } from "./object-store.ts";
import type { Upkeep } from "./upkeep.ts";

/** What the log runs on. */
export interface Engine {
  readonly journal: Journal;
  readonly objects: ObjectStore;
  readonly catalog: Catalog;
  readonly upkeep: Upkeep;
  /** Whether others may write to the same store while this engine is open: what one log remembers of it then grows old. */
  readonly isShared: boolean;
  /** Finishes what runs, then lets go of files and connections. */
  close(): Promise<void>;
}
