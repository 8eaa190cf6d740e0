import { LogError } from "../../core/errors.ts";
import type { ShardKey } from "../../ports/journal.ts";
import type { Damage, Reclaimed, ReclaimOptions, Upkeep } from "../../ports/upkeep.ts";
import { readCheckpointHeader, writeCheckpoint } from "./checkpoint.ts";
import { type Disk, isOutOfSpace } from "./disk.ts";
import { FileNeeds } from "./file-needs.ts";
import { indexFault, isFullDatabase } from "./index-schema.ts";
import type { ClosedFile, JournalFiles } from "./journal-files.ts";
import type { LocalState } from "./local-state.ts";
import { verifyFiles } from "./verify.ts";

const nothing: Reclaimed = { things: 0, bytes: 0, isComplete: true };

export interface UpkeepPlace {
  readonly disk: Disk;
  /** The data folder. */
  readonly folder: string;
  readonly journalId: bigint;
}

/**
 * The port over a data folder. What is given back is the oldest journal files, once no shard has an entry in them, whichever shard is asked for. Before a file
 * goes there is a durable checkpoint of all that the index had of it: with the files that are left it is the whole log, whatever becomes of the index.
 */
export class LocalUpkeep implements Upkeep {
  readonly #place: UpkeepPlace;
  readonly #state: LocalState;
  readonly #files: JournalFiles;
  readonly #needs: FileNeeds;
  readonly #ensureOpen: () => void;
  readonly #pause: () => Promise<void>;
  /** The durable checkpoint; undefined: not looked for yet. */
  #checkpoint: { readonly position: number; readonly bytes: number } | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(place: UpkeepPlace, state: LocalState, files: JournalFiles, ensureOpen: () => void, defer: (run: () => void) => void) {
    this.#place = place;
    this.#state = state;
    this.#files = files;
    this.#ensureOpen = ensureOpen;
    this.#pause = async () => {
      await new Promise<void>((resolve) => defer(resolve));
      ensureOpen();
    };
    this.#needs = new FileNeeds(state, files, this.#pause);
  }

  async reclaim(key: ShardKey, options: ReclaimOptions): Promise<Reclaimed> {
    return await this.#inTurn(async () => {
      const shard = this.#state.shard(key);
      if (shard === undefined || (shard.head.startSeq === 0 && !shard.head.isClosed)) return nothing;
      if (options.isDryRun !== true) {
        // Its trim has to be in the index first.
        await this.#index(this.#state.position);
        await this.#unlessFull(async () => this.#whileMore(() => this.#state.sweep(shard)));
      }
      return await this.#reclaimFiles(options);
    });
  }

  async sweep(): Promise<Reclaimed> {
    this.#ensureOpen();
    return nothing;
  }

  async verify(onDamage: (damage: Damage) => void, signal?: AbortSignal): Promise<void> {
    await this.#inTurn(async () => {
      await verifyFiles(this.#place, this.#files.allFiles, onDamage, signal);
      return nothing;
    });
  }

  /** Resolves when nothing runs. What ran when the engine closed ends at its next step. */
  async idle(): Promise<void> {
    await this.#last;
  }

  /** One after the other: each begins with what the one before left. */
  #inTurn(run: () => Promise<Reclaimed>): Promise<Reclaimed> {
    const turn = this.#last.then(async () => {
      this.#ensureOpen();
      try {
        return await run();
      } catch (reason) {
        throw indexFault(reason);
      }
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #reclaimFiles({ isDryRun = false, onFound, signal }: ReclaimOptions): Promise<Reclaimed> {
    await this.#index(this.#files.closedFiles.at(-1)?.end ?? 0);
    const { files, needsCheckpoint } = await this.#worthwhile(await this.#needs.free());
    if (needsCheckpoint && !isDryRun) await this.#writeCheckpoint();
    let bytes = 0;
    let things = 0;
    for (const { base, end, path } of files) {
      if (signal?.aborted === true) return { things, bytes, isComplete: false };
      if (!isDryRun) await this.#files.removeOldest();
      this.#ensureOpen();
      things++;
      bytes += end - base;
      onFound?.({ name: path.slice(this.#place.folder.length + 1), bytes: end - base, why: "trimmed" });
    }
    return { things, bytes, isComplete: true };
  }

  /** Has the index reach a position of the journal, as far as there is room. */
  async #index(end: number): Promise<void> {
    await this.#unlessFull(async () => this.#whileMore(() => this.#state.indexedPosition < end && this.#state.push()));
  }

  /** Those of the free files that are worth a new checkpoint, if it takes one: writing it must not cost more than they give back. */
  async #worthwhile(free: readonly ClosedFile[]): Promise<{ readonly files: readonly ClosedFile[]; readonly needsCheckpoint: boolean }> {
    if (free.length === 0) return { files: free, needsCheckpoint: false };
    const { position, bytes } = await this.#lastCheckpoint();
    const freed = free.reduce((sum, { base, end }) => sum + end - base, 0);
    const covered = free.filter(({ end }) => end <= position);
    if (covered.length === free.length || freed < bytes) return { files: covered, needsCheckpoint: false };
    return { files: free, needsCheckpoint: true };
  }

  async #lastCheckpoint(): Promise<{ readonly position: number; readonly bytes: number }> {
    const { disk, folder, journalId } = this.#place;
    try {
      this.#checkpoint ??= await readCheckpointHeader(disk, folder, journalId);
    } catch (reason) {
      // A damaged one is of no use, and is replaced.
      if (!(reason instanceof LogError) || reason.code !== "corrupt_log") throw reason;
    }
    return (this.#checkpoint ??= { position: 0, bytes: 0 });
  }

  async #writeCheckpoint(): Promise<void> {
    const { disk, folder, journalId } = this.#place;
    const position = this.#state.indexedPosition;
    try {
      const bytes = await writeCheckpoint(disk, folder, { journalId, position }, this.#state.records(), this.#pause);
      this.#checkpoint = { position, bytes };
    } catch (reason) {
      if (reason instanceof LogError) throw reason;
      if (isOutOfSpace(reason)) {
        const advice = "Make a little room, then reclaim again: the files that can go give back more.";
        throw new LogError(
          "storage_full",
          `The disk is full: there is no room for the checkpoint that journal files need before they go. ${advice}`,
          {
            cause: reason,
          },
        );
      }
      throw new LogError("unavailable", `The checkpoint could not be written (${String(reason)}): reclaim again.`, { cause: reason });
    }
  }

  async #whileMore(step: () => boolean): Promise<void> {
    while (step()) await this.#pause();
  }

  /** What has no room now goes on later. */
  async #unlessFull(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (reason) {
      if (!isFullDatabase(reason)) throw reason;
    }
  }
}
