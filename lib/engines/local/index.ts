import { randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Engine } from "../../ports/engine.ts";
import { localCatalog } from "./catalog.ts";
import { Committer, type Defer } from "./committer.ts";
import { type Disk, diskErrorCode, DiskLockedError, type DiskLock } from "./disk.ts";
import { readFormat, writeFormat } from "./format-file.ts";
import { readingWhile } from "./reading.ts";
import { openIndex, remakeIndex } from "./index-open.ts";
import { isDamagedDatabase } from "./index-schema.ts";
import { localJournal } from "./journal.ts";
import { type JournalPlace, listJournal, openJournal } from "./journal-open.ts";
import { LocalState } from "./local-state.ts";
import { nodeDisk } from "./node-disk.ts";
import { localObjectStore } from "./object-store.ts";
import { LocalUpkeep } from "./upkeep.ts";

export interface LocalEngineOptions {
  /** Default: the machine's file system. */
  readonly disk?: Disk;
  /** Where SQLite keeps the index; `:memory:` replays the whole journal at each start. Default: `index.db` in the data folder. */
  readonly indexPath?: string;
  /** Default `limits.localFileBytes`. */
  readonly fileBytesMax?: number;
  /** Operations that may wait for the index. Default `limits.localUnindexedOpsMax`. */
  readonly unindexedOpsMax?: number;
  /** Default `setImmediate`. */
  readonly defer?: Defer;
  /** Names a new journal: 8 random bytes. Default: the machine's randomness. */
  readonly journalId?: bigint;
}

/**
 * Opens the engine over a data folder, which is made when it is not there. One process has it at a time.
 * @throws unavailable when another process has the folder, corrupt_log, unsupported_version
 */
export async function openLocalEngine(folder: string, options: LocalEngineOptions = {}): Promise<Engine> {
  const disk = options.disk ?? nodeDisk;
  await disk.makeFolder(folder);
  const lock = await takeLock(disk, folder);
  try {
    return await openLocked(folder, disk, lock, options);
  } catch (reason) {
    await lock.release();
    throw reason;
  }
}

async function openLocked(folder: string, disk: Disk, lock: DiskLock, options: LocalEngineOptions): Promise<Engine> {
  const place = await openPlace(folder, disk, options);
  const indexPath = options.indexPath ?? `${folder}/index.db`;
  try {
    return await openOver(folder, place, lock, await openIndex(place, folder, indexPath), options);
  } catch (reason) {
    if (!isDamagedDatabase(reason)) throw reason;
  }
  return await openOver(folder, place, lock, await remakeIndex(place, folder, indexPath), options);
}

/** @throws SQLite's error when the index shows damage only now that it is read */
async function openOver(
  folder: string,
  place: JournalPlace,
  lock: DiskLock,
  db: DatabaseSync,
  options: LocalEngineOptions,
): Promise<Engine> {
  let isClosed = false;
  const ensureOpen = (): void => {
    if (isClosed) throw new LogError("unavailable", "The log is closed: open it again.");
  };
  const reading = readingWhile(ensureOpen);
  try {
    const state = new LocalState(db, options);
    const files = await openJournal(place, state);
    const defer = options.defer ?? setImmediate;
    const objects = await localObjectStore(place.disk, `${folder}/objects`, ensureOpen);
    const committer = new Committer(state, files, place.journalId, defer);
    const upkeep = new LocalUpkeep({ disk: place.disk, folder, journalId: place.journalId }, state, files, ensureOpen, defer);
    return {
      journal: localJournal(state, files, committer, reading),
      catalog: localCatalog(state, committer, reading),
      objects,
      upkeep,
      isShared: false,
      async close() {
        if (isClosed) return;
        await committer.close();
        if (isClosed) return;
        isClosed = true;
        await upkeep.idle();
        try {
          state.flush();
          await objects.close();
          await files.close();
        } finally {
          state.close();
          await lock.release();
        }
      },
    };
  } catch (reason) {
    db.close();
    throw reason;
  }
}

async function takeLock(disk: Disk, folder: string): Promise<DiskLock> {
  try {
    return await disk.lock(`${folder}/lock`);
  } catch (reason) {
    if (!(reason instanceof DiskLockedError)) throw reason;
    const holder = reason.pid === undefined ? "Another process" : `Process ${reason.pid}`;
    throw new LogError("unavailable", `${holder} has the data folder ${folder} open. Stop it first, or use another folder.`, {
      cause: reason,
      details: reason.pid === undefined ? { folder } : { folder, pid: reason.pid },
    });
  }
}

async function openPlace(folder: string, disk: Disk, options: LocalEngineOptions): Promise<JournalPlace> {
  const journalFolder = `${folder}/journal`;
  const fileBytesMax = options.fileBytesMax ?? limits.localFileBytes;
  const known = await readFormat(disk, `${folder}/format`);
  if (known !== undefined) {
    await disk.makeFolder(journalFolder);
    // Both names may be only in the system's memory: the process that made them died before it synced the folder.
    await disk.syncFolder(folder);
    return { disk, folder: journalFolder, journalId: known.journalId, fileBytesMax };
  }
  const journalId = options.journalId ?? randomBytes(8).readBigUInt64BE();
  const place = { disk, folder: journalFolder, journalId, fileBytesMax };
  if ((await listJournal(place)).length > 0) {
    throw new LogError("corrupt_log", `${folder} has a journal and no format file: restore it.`, {
      details: { file: `${folder}/format`, position: 0 },
    });
  }
  await disk.makeFolder(journalFolder);
  await syncAbove(disk, folder);
  await writeFormat(disk, folder, "format", { journalId });
  return place;
}

/** The folder's own name, and those above it, may be as new as what is in it. */
async function syncAbove(disk: Disk, folder: string): Promise<void> {
  const elements = folder.split("/");
  while (elements.pop() !== undefined && elements.length > 0) {
    try {
      await disk.syncFolder(elements.join("/") || "/");
    } catch (reason) {
      // Not ours to read, or no file system that has this: such a one was there before.
      if (!["EACCES", "EPERM", "EROFS", "EINVAL"].includes(diskErrorCode(reason) ?? "")) throw reason;
    }
  }
}
