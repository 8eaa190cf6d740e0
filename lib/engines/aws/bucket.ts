/** S3 as this engine uses it: immutable objects in one bucket, each request sent at most once. Failures are `StoreFault`s (`table.ts`). */
export interface Bucket {
  /**
   * Stores the object if the key is free.
   * @param writeId tells this writer's object from another's: `get` and `writeIdOf` show it
   * @returns false when the key is taken, by whomever
   * @throws StoreFault `conflict` when another put of this key runs (not stored), `unknown`, ...
   */
  put(key: string, bytes: Uint8Array, writeId: string): Promise<boolean>;
  /**
   * Begins an object that comes in parts: nobody sees it before it is completed.
   * @param writeId as of `put`
   */
  upload(key: string, writeId: string): Promise<Upload>;
  /** The object or a range of it, cut at its end; undefined when there is none; "past-end" when the range starts at or past its end. */
  get(key: string, range?: { readonly start: number; readonly length: number }): Promise<Uint8Array | "past-end" | undefined>;
  /** The write id that the object was stored with; undefined when there is no object. */
  writeIdOf(key: string): Promise<string | undefined>;
  /** Keys that start with the prefix, by their bytes, after a key when one is given; at most `limit` (1 to 1,000). */
  list(prefix: string, page: { readonly after?: string; readonly limit: number }): Promise<readonly BucketObject[]>;
  /** At most 1,000 keys; what is not there is no fault. */
  delete(keys: readonly string[]): Promise<void>;
}

/** An object on its way. What is neither completed nor given up stays, unseen, until a rule of the bucket takes it away. */
export interface Upload {
  /**
   * Stores a part, in place of one of the same number.
   * @param number from 1, at most 10,000; parts may come in any order
   * @param bytes at least 5 MiB of all but the last
   */
  part(number: number, bytes: Uint8Array): Promise<void>;
  /** @returns false when the key is taken: nothing is stored @throws StoreFault, as of `put`; `refused` also once it was completed or given up */
  complete(): Promise<boolean>;
  /** Drops the parts. One that is gone is no fault. */
  giveUp(): Promise<void>;
}

export interface BucketObject {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}
