import { LogError } from "../../core/errors.ts";
import { DatabaseSync } from "node:sqlite";

/** Changes whenever the tables do. The index holds nothing that the journal does not, so another version is rebuilt, not migrated. */
const schemaVersion = 2;

/** Chunks are large rows: WITHOUT ROWID they would stand in the inner pages too, and a search would go through seven of them. */
const schema = `
CREATE TABLE meta (only INTEGER PRIMARY KEY CHECK (only = 0), journal TEXT NOT NULL, applied INTEGER NOT NULL);
CREATE TABLE shards (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, partitions INTEGER NOT NULL, layout INTEGER NOT NULL, seq INTEGER NOT NULL,
  start_seq INTEGER NOT NULL, closed INTEGER NOT NULL, high_watermarks TEXT NOT NULL, start_offsets TEXT NOT NULL, max_times TEXT NOT NULL
);
CREATE TABLE chunks (
  shard INTEGER NOT NULL, seq INTEGER NOT NULL, next INTEGER NOT NULL, after BLOB NOT NULL, entries BLOB NOT NULL, PRIMARY KEY (shard, seq)
);
CREATE TABLE producers (
  shard INTEGER NOT NULL, producer INTEGER NOT NULL, idx INTEGER NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, count INTEGER NOT NULL,
  crc INTEGER NOT NULL, layout INTEGER NOT NULL, PRIMARY KEY (shard, producer, idx)
) WITHOUT ROWID;
CREATE TABLE steps (
  shard INTEGER NOT NULL, producer INTEGER NOT NULL, idx INTEGER NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, count INTEGER NOT NULL,
  crc INTEGER NOT NULL, seq INTEGER NOT NULL, bases TEXT NOT NULL, PRIMARY KEY (shard, producer, idx, epoch, sequence)
) WITHOUT ROWID;
CREATE TABLE sweeps (shard INTEGER PRIMARY KEY);
CREATE TABLE items (pk TEXT NOT NULL, sk TEXT NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (pk, sk)) WITHOUT ROWID;
`;

/**
 * Opens the index of a journal, and makes its tables when it is new.
 * @returns undefined when it is another journal's or another version's: it has to be made anew
 */
export function openIndexDatabase(path: string, journalId: bigint): DatabaseSync | undefined {
  const db = new DatabaseSync(path);
  try {
    // Exclusive before the first use of the WAL: then it needs no file of shared memory, which a full disk has no room for.
    db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000;");
    db.exec("PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY");
    const version = db.prepare("PRAGMA user_version").get()?.["user_version"];
    const tables = db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.["n"];
    if (tables === 0) create(db, journalId);
    else if (version !== schemaVersion || journalOf(db) !== journalId.toString(16)) {
      db.close();
      return undefined;
    }
    return db;
  } catch (reason) {
    if (db.isOpen) db.close();
    throw reason;
  }
}

/** The index has the journal up to here. */
export function appliedPosition(db: DatabaseSync): number {
  const applied = db.prepare("SELECT applied FROM meta").get()?.["applied"];
  return typeof applied === "number" ? applied : 0;
}

/** Forgets everything, so that the index can be filled anew. */
export function emptyIndex(db: DatabaseSync): void {
  indexTransaction(db, () => {
    for (const table of ["shards", "chunks", "producers", "steps", "sweeps", "items"]) db.exec(`DELETE FROM ${table}`);
    db.exec("UPDATE meta SET applied = 0");
  });
}

/** All of it or nothing. @throws what it throws, and what SQLite throws */
export function indexTransaction<T>(db: DatabaseSync, run: () => T): T {
  db.exec("BEGIN");
  try {
    const result = run();
    db.exec("COMMIT");
    return result;
  } catch (reason) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw reason;
  }
}

function create(db: DatabaseSync, journalId: bigint): void {
  db.exec(`BEGIN; ${schema}`);
  db.prepare("INSERT INTO meta VALUES (0, ?, 0)").run(journalId.toString(16));
  db.exec(`PRAGMA user_version = ${schemaVersion}; COMMIT`);
}

function journalOf(db: DatabaseSync): unknown {
  return db.prepare("SELECT journal FROM meta").get()?.["journal"];
}

/** Result codes that say that the file is damaged or no database. */
export function isDamagedDatabase(reason: unknown): boolean {
  const code = sqliteCode(reason);
  return code === 11 || code === 26;
}

/** What reading the index has failed with, told to who asked. */
export function indexFault(reason: unknown): LogError {
  if (reason instanceof LogError) return reason;
  const message = reason instanceof Error ? reason.message : String(reason);
  if (!isDamagedDatabase(reason)) return new LogError("internal", message, { cause: reason });
  const advice = "Stop the process, delete index.db in its data folder and start it again: the index is made anew from the journal.";
  return new LogError("corrupt_log", `The index is damaged (${message}). ${advice}`, { cause: reason });
}

/** Whether there was no room to write. */
export function isFullDatabase(reason: unknown): boolean {
  return sqliteCode(reason) === 13;
}

function sqliteCode(reason: unknown): number | undefined {
  return reason instanceof Error && "errcode" in reason && typeof reason.errcode === "number" ? reason.errcode & 0xff : undefined;
}
