import type { StoredRecord } from "../../core/record.ts";
import type { Catalog, CatalogWrite } from "../../ports/catalog.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Compression } from "../../ports/compression.ts";
import type { Random } from "../../ports/random.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { hex } from "../hex.ts";
import type { Log, OutputRecord } from "../log.ts";

/** What deliveries are made of. */
export interface DeliveryServices {
  readonly log: Pick<Log, "fetch" | "watermarks" | "offsetsForTime" | "topics">;
  /** Makes a group, unless it is there. @returns how many members it has */
  readonly ensureGroup: (group: string) => Promise<number>;
  /** All of the writes or none, and none while the group has members. @throws non_empty_group, conflict */
  readonly withoutMembers: (group: string, writes: readonly CatalogWrite[]) => Promise<void>;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly random: Random;
  readonly compression: Compression;
  readonly telemetry: Telemetry | undefined;
  /** Whether other processes may deliver, too. */
  readonly isShared: boolean;
  /** Partitions that this process delivers now, as `pk/sk` of their rows. */
  readonly held: Set<string>;
  /** Records and catalog writes in one step. @throws conflict when a condition fails */
  readonly appendOutputs: (outputs: readonly OutputRecord[], writes: readonly CatalogWrite[]) => Promise<unknown>;
}

/** Records of a partition that one call gets. */
export interface Batch {
  readonly records: readonly StoredRecord[];
  /** Where it begins, and where the next one does: what is between and not among the records was filtered, or is gone. */
  readonly fromOffset: number;
  readonly toOffset: number;
  readonly filtered: number;
  /** Of one that is not full: when its batching window ends, by the clock. Undefined: it has none. */
  readonly windowEndMs: number | undefined;
  /** Whether the partition had more when it was read. */
  readonly hasMore: boolean;
  /** Why it cannot be delivered, if it cannot. */
  readonly refused: "RecordAgeExceeded" | "PayloadTooLarge" | undefined;
}

export function newToken(random: Random): string {
  return hex(random.bytes(12));
}
