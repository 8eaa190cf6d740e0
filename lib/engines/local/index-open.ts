import type { DatabaseSync } from "node:sqlite";
import { LogError } from "../../core/errors.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { CheckpointRestore } from "./checkpoint-restore.ts";
import { appliedPosition, emptyIndex, indexTransaction, isDamagedDatabase, openIndexDatabase } from "./index-schema.ts";
import { type JournalPlace, listJournal } from "./journal-open.ts";

/**
 * The index of a journal. One that is damaged, of another version or of another journal is made anew, and so is one that ends before the journal's first
 * file: from the checkpoint, as far as files are gone, and from the journal.
 * @throws corrupt_log when files are gone and there is no checkpoint
 */
export async function openIndex(place: JournalPlace, folder: string, path: string): Promise<DatabaseSync> {
  let db: DatabaseSync | undefined;
  try {
    db = openIndexDatabase(path, place.journalId);
    if (db !== undefined && (await firstBase(place)) <= appliedPosition(db)) return db;
  } catch (reason) {
    db?.close();
    db = undefined;
    if (!isDamagedDatabase(reason)) throw reason;
  }
  if (db === undefined) return await remakeIndex(place, folder, path);
  return await fill(place, folder, path, db);
}

/** @throws corrupt_log when files are gone and there is no checkpoint */
export async function remakeIndex(place: JournalPlace, folder: string, path: string): Promise<DatabaseSync> {
  for (const name of [path, `${path}-wal`, `${path}-shm`]) await place.disk.remove(name);
  const made = openIndexDatabase(path, place.journalId);
  if (made === undefined) throw new LogError("internal", `${path} cannot be made anew.`);
  return await fill(place, folder, path, made);
}

/** Fills the index with what the journal's files do not have any more. */
async function fill(place: JournalPlace, folder: string, path: string, db: DatabaseSync): Promise<DatabaseSync> {
  try {
    const base = await firstBase(place);
    if (base === 0) return db;
    emptyIndex(db);
    const restore = new CheckpointRestore(db);
    const position = await readCheckpoint(place.disk, folder, place.journalId, (records) => {
      indexTransaction(db, () => {
        for (const record of records) restore.take(record);
      });
    });
    if (position === undefined || position < base) throw beyondRepair(path, base, position);
    // Until then its position is 0: a crash before leaves an index that is made anew.
    indexTransaction(db, () => restore.finish(position));
    return db;
  } catch (reason) {
    db.close();
    throw reason;
  }
}

async function firstBase(place: JournalPlace): Promise<number> {
  const [first] = await listJournal(place);
  return first?.base ?? 0;
}

function beyondRepair(path: string, base: number, position: number | undefined): LogError {
  const checkpoint = position === undefined ? "there is no checkpoint" : `the checkpoint ends at ${position}`;
  return new LogError(
    "corrupt_log",
    `${path} is lost or too old, the journal's files begin at position ${base}, and ${checkpoint}: restore the data folder from a copy.`,
    { details: { file: path, position: 0 } },
  );
}
