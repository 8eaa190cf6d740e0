import { limits } from "../../core/limits.ts";
import type { ClosedFile, JournalFiles } from "./journal-files.ts";
import type { LocalState } from "./local-state.ts";

/** What was found when all shards were last looked at. */
interface Known {
  /** Closed files that end here or before are free. */
  readonly freeTo: number;
  /** Files up to here were looked at. */
  readonly lookedTo: number;
  /** Shards that need the file that begins at `freeTo`. */
  readonly needing: string[];
}

/**
 * Which of the oldest journal files nobody needs. All shards are looked at once a file, or once for many: what remains to be asked later is whether
 * the shards that needed the oldest file still do. A closed file gets no new entries, so there are never more of them.
 */
export class FileNeeds {
  readonly #state: LocalState;
  readonly #files: JournalFiles;
  readonly #pause: () => Promise<void>;
  #known: Known = { freeTo: 0, lookedTo: 0, needing: [] };

  constructor(state: LocalState, files: JournalFiles, pause: () => Promise<void>) {
    this.#state = state;
    this.#files = files;
    this.#pause = pause;
  }

  /** Closed files from the oldest on that hold no entry that is left; all of them are in the index. One call at a time. @throws what SQLite throws */
  async free(): Promise<readonly ClosedFile[]> {
    const closed = this.#files.closedFiles;
    const end = closed.at(-1)?.end;
    if (end === undefined) return [];
    const { needing, freeTo, lookedTo } = this.#known;
    for (let name = needing.at(-1); name !== undefined && !this.#needs(name, closed, freeTo); name = needing.at(-1)) needing.pop();
    if (needing.length === 0 && end > freeTo && (freeTo < lookedTo || end > lookedTo)) await this.#look(closed);
    return closed.filter((file) => file.end <= this.#known.freeTo);
  }

  #needs(name: string, closed: readonly ClosedFile[], base: number): boolean {
    const position = this.#state.firstPosition(name);
    const file = closed.find((one) => one.base === base);
    return position !== undefined && file !== undefined && position < file.end;
  }

  async #look(closed: readonly ClosedFile[]): Promise<void> {
    // A shard that the index does not know yet has entries after its position alone.
    const covered = closed.filter(({ end }) => end <= this.#state.indexedPosition);
    let lowest = covered.length;
    let needing: string[] = [];
    for (let page = this.#state.shardsAfter(0); page.length > 0; page = this.#state.shardsAfter(page.at(-1)?.id ?? 0)) {
      for (const { name } of page) {
        const position = this.#state.firstPosition(name);
        const nth = position === undefined ? -1 : covered.findIndex(({ end }) => position < end);
        if (nth < 0 || nth > lowest) continue;
        if (nth < lowest) needing = [];
        lowest = nth;
        if (needing.length < limits.localShardsAwaitedMax) needing.push(name);
      }
      await this.#pause();
    }
    const lookedTo = covered.at(-1)?.end ?? this.#known.lookedTo;
    this.#known = { freeTo: covered[lowest]?.base ?? lookedTo, lookedTo, needing };
  }
}
