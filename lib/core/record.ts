/** One header of a record, as in Kafka: a name and bytes. A name may occur more than once. */
export interface RecordHeader {
  readonly key: string;
  /** `null` is Kafka's null header value. */
  readonly value: Uint8Array | null;
}

/** A record before it has an offset. */
export interface NewRecord {
  /** `null`: no key; the partitioner then spreads by request. */
  readonly key: Uint8Array | null;
  /** `null`: a tombstone. */
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
  /** Milliseconds since the epoch (Kafka's CreateTime). Default: the time of the append. */
  readonly timestampMs?: number;
}

/** A record as the log has it. */
export interface StoredRecord {
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}
