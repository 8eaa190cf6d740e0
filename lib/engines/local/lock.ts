import { DatabaseSync } from "node:sqlite";
import { DiskLockedError, type DiskLock } from "./disk.ts";

const busy = 5;

/**
 * An exclusive lock that the operating system holds for this process and drops when the process ends, however it ends: SQLite's own
 * lock on a small database. An open write transaction keeps other writers out, yet lets them read who holds it.
 * @throws DiskLockedError
 */
export function lockFile(path: string): DiskLock {
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    tellHolder(db);
    // Between these two another process may get in; then this one is told so by the second.
    db.exec("BEGIN IMMEDIATE");
  } catch (reason) {
    const pid = isBusy(reason) ? holderOf(db) : undefined;
    db.close();
    if (isBusy(reason)) throw new DiskLockedError(path, pid);
    throw reason;
  }
  return {
    release() {
      if (db.isOpen) db.close();
      return Promise.resolve();
    },
  };
}

/** Says in the file who holds it, if that can be written: a full disk must not keep the log from serving reads. */
function tellHolder(db: DatabaseSync): void {
  try {
    db.exec("CREATE TABLE IF NOT EXISTS holder (pid INTEGER NOT NULL)");
    db.exec("BEGIN IMMEDIATE");
    db.exec("DELETE FROM holder");
    db.prepare("INSERT INTO holder VALUES (?)").run(process.pid);
    db.exec("COMMIT");
  } catch (reason) {
    if (db.isTransaction) db.exec("ROLLBACK");
    if (isBusy(reason)) throw reason;
  }
}

function isBusy(reason: unknown): boolean {
  return reason instanceof Error && "errcode" in reason && typeof reason.errcode === "number" && (reason.errcode & 0xff) === busy;
}

function holderOf(db: DatabaseSync): number | undefined {
  try {
    const pid = db.prepare("SELECT pid FROM holder").get()?.["pid"];
    return typeof pid === "number" ? pid : undefined;
  } catch {
    return undefined;
  }
}
