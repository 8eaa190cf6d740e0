/**
 * Immutable objects under string keys (letters, digits, `/`, `.`, `_`, `-`, `=`; at most 512 bytes; no empty or dot-only path element). Cases: `lib/testing/conformance/object-store.ts`.
 */
export interface ObjectStore {
  /**
   * Stores the object, durably, if the key is free. An object is never changed, and nobody sees a part of one.
   * @param body all of it, or its pieces in their order, of which the engine holds some MiB at a time. Pieces are taken once; what their source throws is
   *   thrown on, and nothing is stored
   * @returns false when the key is taken: nothing was written, whatever its bytes are
   * @throws storage_full, unavailable (not applied), timeout (unknown: get it, or put it again)
   */
  put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<boolean>;

  /** The object, or a range of it cut at its end; undefined when there is none. @throws offset_out_of_range when the range starts at or past the end of a non-empty object */
  get(key: string, range?: ByteRange): Promise<Uint8Array | undefined>;

  /** Keys that start with the prefix, in the order of their bytes, after a key when one is given; at most `limit` (1 to 1,000). */
  list(prefix: string, page: { readonly after?: string; readonly limit: number }): Promise<readonly ObjectInfo[]>;

  /** Deletes what is there; what is not there is no error. At most 1,000 keys. */
  delete(keys: readonly string[]): Promise<void>;
}

export interface ByteRange {
  readonly start: number;
  readonly length: number;
}

export interface ObjectInfo {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}
