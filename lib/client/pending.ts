import type { LogError } from "../core/errors.ts";
import type { EncodedRecord } from "./encode.ts";
import type { FlushMark } from "./flush-mark.ts";
import type { SentRecord } from "./types.ts";

/** A record between `send` and its answer. */
export interface Pending {
  readonly record: EncodedRecord;
  /** When `send` was called, by the client's clock. */
  readonly sentMs: number;
  readonly mark: FlushMark;
  readonly resolve: (sent: SentRecord) => void;
  readonly reject: (error: LogError) => void;
}

/** A pending record that has its partition. */
export interface Placed {
  readonly pending: Pending;
  readonly partition: number;
}
