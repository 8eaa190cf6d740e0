/** What JSON can say. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A key or value to send: a string is stored as its UTF-8 bytes, bytes as they are, any other value as its JSON text. */
export type Content = string | Uint8Array | JsonValue;

/** A header's value to send or as read: a string (UTF-8), bytes, or Kafka's null. */
export type HeaderValue = string | Uint8Array | null;
/** Headers by name; a name that occurs more than once has an array. */
export type Headers = Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>;

/** A record to send. */
export interface ProducerRecord {
  /** Default none. Records of one key go to one partition and keep their order. */
  readonly key?: Content;
  /** `null` is a tombstone. */
  readonly value: Content;
  readonly headers?: Headers;
  /** Default: by the key (Kafka's murmur2), without a key by turns. */
  readonly partition?: number;
  /** Milliseconds since the epoch. Default: the server's time when it appends. */
  readonly timestampMs?: number;
}

/** Where an acknowledged record is. */
export interface SentRecord {
  readonly partition: number;
  readonly offset: number;
}

/** What keys and values are read as, by `format`. */
export interface Formats {
  /** A string; bytes when they are not UTF-8. */
  readonly text: string | Uint8Array;
  /** Parsed JSON; a string when it is not JSON, bytes when they are not UTF-8. */
  readonly json: JsonValue | Uint8Array;
  readonly bytes: Uint8Array;
}
export type Format = keyof Formats;

/** A record as it is in the log. */
export interface ConsumedRecord<F extends Format = "text"> {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  /** `null`: none. */
  readonly key: Formats[F] | null;
  /** `null`: a tombstone. */
  readonly value: Formats[F] | null;
  readonly headers: Headers;
}

/** A place in a partition: its start, its end, an offset, or the first record at or after a time (epoch milliseconds or a `Date`). */
export type Position = "earliest" | "latest" | { readonly offset: number } | { readonly time: number | Date };
