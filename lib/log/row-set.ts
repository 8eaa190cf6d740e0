import { isConflict, LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { Catalog, CatalogItem, CatalogKey, CatalogWrite, JsonValue } from "../ports/catalog.ts";
import type { Clock } from "../ports/clock.ts";
import { eachItem } from "./each-item.ts";
import { asUnknown } from "./known-results.ts";

export interface RowSetServices {
  readonly catalog: Catalog;
  readonly clock: Clock;
  /** Whether other processes may change the rows too. */
  readonly isShared: boolean;
}

export interface RowSetOptions<T, V> {
  /** The rows' `pk`, and the `sk` of the row that counts their changes. */
  readonly pk: string;
  /** @throws unsupported_version for a row that a newer build wrote */
  readonly read: (item: CatalogItem) => T;
  /** What is looked up in: made once for each state of the rows. */
  readonly view: (rows: ReadonlyMap<string, T>) => V;
}

/** A row to write, or without a value to delete. */
export interface RowChange<T> {
  readonly sk: string;
  readonly row: T;
  readonly put?: JsonValue;
}

/** All rows as they were together at one moment. */
interface Snapshot<T, V> {
  /** Of the row that counts changes; 0 before the first. */
  readonly version: number;
  readonly rows: ReadonlyMap<string, T>;
  readonly readMs: number;
  /** Made when first asked for. */
  view: V | undefined;
}

/** Where a set's changes are counted: each bumps the version of one small row, which is all that has to be read to know that nothing has changed. */
const statePk = "row-sets";
const formatVersion = 1;
/** One write of a transaction is the count's. */
const changesMax = limits.transactWritesMax - 1;

/**
 * A small set of catalog rows that one process keeps whole. Where others may write too, it is believed for
 * `limits.accessCacheMs`; a change by this process holds in it at once. Changes are made one after the other.
 */
export class RowSet<T, V> {
  readonly #services: RowSetServices;
  readonly #options: RowSetOptions<T, V>;
  readonly #stateKey: CatalogKey;
  #known: Snapshot<T, V> | undefined;
  #loading: Promise<Snapshot<T, V>> | undefined;
  #forgotten = 0;

  constructor(services: RowSetServices, options: RowSetOptions<T, V>) {
    this.#services = services;
    this.#options = options;
    this.#stateKey = { pk: statePk, sk: options.pk };
  }

  /**
   * What to look up in.
   * @param ageMsMax how old it may be where others write too
   * @throws unavailable when the rows cannot be read: nothing is to be decided without them
   */
  async view(ageMsMax: number = limits.accessCacheMs): Promise<V> {
    const known = this.#known;
    const found = known !== undefined && this.#isYoung(known, ageMsMax) ? known : await (this.#loading ??= this.#refresh());
    return (found.view ??= this.#options.view(found.rows));
  }

  /** The rows by their `sk`, in its order, as they are now. @throws unavailable */
  async rows(): Promise<ReadonlyMap<string, T>> {
    return (await this.#refresh()).rows;
  }

  /**
   * Makes the changes that `decide` finds needed, in transactions of up to 99: it is asked again about the rows as they are, until it finds none.
   * @returns all changes that were made
   * @throws what `decide` throws; conflict when others change the rows all the time
   */
  async change(decide: (rows: ReadonlyMap<string, T>) => readonly RowChange<T>[]): Promise<readonly RowChange<T>[]> {
    const done: RowChange<T>[] = [];
    let known = this.#known;
    try {
      for (let conflicts = 0; ; ) {
        known = await this.#load(known);
        const changes = decide(known.rows).slice(0, changesMax);
        if (changes.length === 0) return done;
        try {
          await this.#services.catalog.transact(this.#writes(known.version, changes));
          done.push(...changes);
          known = after(known, changes);
        } catch (reason) {
          if (!isConflict(LogError.from(reason)) || ++conflicts === limits.redecisionsMax) throw reason;
        }
      }
    } catch (reason) {
      // A part is done: that the rest was refused is not the whole truth.
      throw done.length === 0 ? reason : asUnknown(reason);
    } finally {
      this.#forget();
    }
  }

  #isYoung({ readMs }: Snapshot<T, V>, ageMsMax: number): boolean {
    if (!this.#services.isShared) return true;
    const ageMs = this.#services.clock.nowMs() - readMs;
    return ageMs >= 0 && ageMs < ageMsMax;
  }

  /** What was read while a change ran is not kept, nor waited for by those who come after it. */
  #forget(): void {
    this.#forgotten++;
    this.#known = undefined;
    this.#loading = undefined;
  }

  async #refresh(): Promise<Snapshot<T, V>> {
    const forgotten = this.#forgotten;
    try {
      const loaded = await this.#load(this.#known);
      if (forgotten === this.#forgotten) this.#known = loaded;
      return loaded;
    } catch (reason) {
      throw unreadable(reason, this.#options.pk);
    } finally {
      if (forgotten === this.#forgotten) this.#loading = undefined;
    }
  }

  /** The rows as they are: read only when they are no longer those that are known. */
  async #load(known: Snapshot<T, V> | undefined): Promise<Snapshot<T, V>> {
    let found = known;
    for (let attempt = 1; attempt <= limits.redecisionsMax; attempt++) {
      const readMs = this.#services.clock.nowMs();
      const version = await this.#version();
      // Pages that were read around a change may hold a half of it: rows count when their version still does after them.
      if (found?.version === version) return { ...found, readMs };
      found = { version, rows: await this.#query(), view: undefined, readMs };
    }
    throw new LogError("unavailable", `The ${this.#options.pk} change too fast to be read: send this again.`, { retryAfterMs: 1_000 });
  }

  async #version(): Promise<number> {
    return (await this.#services.catalog.get(this.#stateKey))?.version ?? 0;
  }

  async #query(): Promise<ReadonlyMap<string, T>> {
    const rows = new Map<string, T>();
    const items = eachItem(this.#services.catalog, this.#options.pk, { pageItems: limits.catalogQueryLimitMax });
    for await (const item of items) rows.set(item.key.sk, this.#options.read(item));
    return rows;
  }

  #writes(version: number, changes: readonly RowChange<T>[]): readonly CatalogWrite[] {
    const { pk } = this.#options;
    return [
      { key: this.#stateKey, put: { v: formatVersion }, if: version === 0 ? "absent" : version },
      ...changes.map(({ sk, put }): CatalogWrite => {
        const key = { pk, sk };
        return put === undefined ? { key, delete: true, if: "any" } : { key, put, if: "any" };
      }),
    ];
  }
}

/** The rows after changes that were made to them. Those that are new stand last, until the rows are read again. */
function after<T, V>({ version, rows, readMs }: Snapshot<T, V>, changes: readonly RowChange<T>[]): Snapshot<T, V> {
  const changed = new Map(rows);
  for (const { sk, row, put } of changes) {
    if (put === undefined) changed.delete(sk);
    else changed.set(sk, row);
  }
  return { version: version + 1, rows: changed, readMs, view: undefined };
}

/** The version of a stored row's format is checked before anything of it is believed. @throws unsupported_version */
export function rowValue(item: CatalogItem, what: string): Readonly<Record<string, JsonValue | undefined>> {
  const value = item.value as Readonly<Record<string, JsonValue | undefined>>;
  if (value["v"] === formatVersion) return value;
  const version = JSON.stringify(value["v"]);
  throw new LogError(
    "unsupported_version",
    `${what} ${item.key.sk} was written in format ${version}; this build reads ${formatVersion}. Upgrade it.`,
  );
}

function unreadable(reason: unknown, what: string): LogError {
  const error = LogError.from(reason);
  if (error.code === "corrupt_log" || error.code === "unsupported_version") return error;
  return new LogError("unavailable", `The ${what} cannot be read now, so nothing is allowed: send this again.`, {
    retryAfterMs: 1_000,
    cause: reason,
  });
}
