import { LogError } from "../../core/errors.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { baseOfName, type JournalFile, JournalFiles, journalPath } from "./journal-files.ts";
import { damaged, JournalScan, type ScannedFrame } from "./journal-scan.ts";
import type { LocalState } from "./local-state.ts";

const rewriteBytes = 1024 * 1024;

export interface JournalPlace {
  readonly disk: Disk;
  /** The folder of the journal's files. */
  readonly folder: string;
  readonly journalId: bigint;
  readonly fileBytesMax: number;
}

/** The journal's files in order. @throws corrupt_log when one is missing between others */
export async function listJournal({ disk, folder }: JournalPlace): Promise<readonly JournalFile[]> {
  const bases = (await disk.list(folder)).flatMap(({ name }) => baseOfName(name) ?? []).sort((a, b) => a - b);
  return bases.map((base) => ({ base, path: journalPath(folder, base) }));
}

/**
 * Opens the journal for appending: replays into the state what its index does not have, cuts a torn tail off, and refuses damage
 * anywhere else.
 * @throws corrupt_log, unsupported_version
 */
export async function openJournal(place: JournalPlace, state: LocalState): Promise<JournalFiles> {
  const { disk, folder, fileBytesMax } = place;
  const found = await listJournal(place);
  if (found.length === 0) {
    if (state.position > 0)
      throw new LogError("corrupt_log", `${folder} has no journal files, the index has ${state.position} bytes of them: restore them.`);
    const file = { base: 0, path: journalPath(folder, 0) };
    const active = await disk.open(file.path, "create");
    await disk.syncFolder(folder);
    return new JournalFiles(disk, folder, [file], active, 0, fileBytesMax);
  }
  checkStart(found, state.position);
  // The last file's name may be only in the system's memory: the process that made it died before it synced the folder.
  await disk.syncFolder(folder);
  for (const [nth, file] of found.entries()) {
    const next = found[nth + 1];
    if (next !== undefined) await replayClosed(place, state, file, next.base);
  }
  const last = found.at(-1) as JournalFile;
  const active = await disk.open(last.path, "write");
  try {
    await replayLast(place, state, last, active);
    return new JournalFiles(disk, folder, found, active, state.position, fileBytesMax);
  } catch (reason) {
    await active.close();
    throw reason;
  }
}

function checkStart(files: readonly JournalFile[], position: number): void {
  const first = files[0];
  if (first === undefined || first.base <= position) return;
  throw new LogError(
    "corrupt_log",
    `The index knows the journal up to position ${position}, its files begin at ${first.base} (${first.path}): restore index.db, or the files before.`,
  );
}

/** A file that another one follows: it is whole, and ends where that one begins. */
async function replayClosed({ disk, journalId }: JournalPlace, state: LocalState, file: JournalFile, end: number): Promise<void> {
  const open = await disk.open(file.path, "read");
  try {
    const { size } = await open.info();
    if (file.base + size !== end)
      throw damaged(
        file,
        file.base + Math.min(size, end - file.base),
        `the next file begins at position ${end}, so it has to be ${end - file.base} bytes long, not ${size}.`,
      );
    if (end <= state.position) return;
    const scan = new JournalScan(open, size, file, journalId);
    const reached = await scan.visit(state.position, (frame) => state.apply(frame.ops, frame.payloadPosition, frame.end));
    if (reached < end)
      throw damaged(
        file,
        reached,
        "the frame there fails its checks, and more follows. Nothing was changed; restore the file from a copy.",
      );
  } finally {
    await open.close();
  }
}

async function replayLast({ journalId }: JournalPlace, state: LocalState, file: JournalFile, active: DiskFile): Promise<void> {
  const { size } = await active.info();
  if (state.position > file.base + size) {
    throw damaged(
      file,
      file.base + size,
      `it ends there, while the index has the journal up to byte ${state.position - file.base}: restore the file.`,
    );
  }
  const scan = new JournalScan(active, size, file, journalId);
  const frames = new HeldBack(state);
  const end = await scan.visit(state.position, (frame) => frames.take(frame));
  if (end < file.base + size) {
    const next = await scan.nextHeader(end + 1);
    if (next !== undefined) {
      throw damaged(
        file,
        end,
        `the frame there fails its checks, and another one follows at byte ${next - file.base}. Nothing was changed; restore the file from a copy.`,
      );
    }
    // A frame that a crash cut short was never acknowledged: a group is one frame, and none is begun before the one before it is durable.
    await active.truncate(end - file.base);
  }
  // The last frame may be whole in the system's memory alone: the process died before its sync, or the sync failed. After a failure the
  // system may think that it is written and never write it again, so it is written anew. Only then is it served and indexed.
  await writeAnew(active, frames.start - file.base, end - file.base);
  await active.sync();
  frames.applyLast();
}

/** Applies frames one late, so that the last one can wait until it is durable. */
class HeldBack {
  /** Where the frame that waits begins. */
  start: number;
  readonly #state: LocalState;
  #last: ScannedFrame | undefined;

  constructor(state: LocalState) {
    this.#state = state;
    this.start = state.position;
  }

  take(frame: ScannedFrame): void {
    if (this.#last !== undefined) this.start = this.#last.end;
    this.applyLast();
    this.#last = frame;
  }

  applyLast(): void {
    const frame = this.#last;
    this.#last = undefined;
    if (frame !== undefined) this.#state.apply(frame.ops, frame.payloadPosition, frame.end);
  }
}

async function writeAnew(file: DiskFile, start: number, end: number): Promise<void> {
  for (let at = start; at < end; ) {
    const bytes = new Uint8Array(Math.min(rewriteBytes, end - at));
    const read = await file.read(bytes, at);
    for (let done = 0; done < read; ) done += await file.write([bytes.subarray(done, read)], at + done);
    if (read === 0) throw new LogError("corrupt_log", `A journal file ends at byte ${at}, where bytes up to ${end} were read before.`);
    at += read;
  }
}
