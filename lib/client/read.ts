import { LogError } from "../core/errors.ts";
import type { FetchAnswer, OffsetsAnswer } from "../http/wire.ts";
import { decodeRecord, wireFormat } from "./decode.ts";
import { checkedPosition } from "./position.ts";
import type { Transport } from "./transport.ts";
import type { ConsumedRecord, Format, Position } from "./types.ts";

export interface FetchOptions<F extends Format = "text"> {
  readonly topic: string;
  readonly partition: number;
  /** Default `earliest`. */
  readonly from?: Position;
  /** At most this many records. Default 500. */
  readonly limit?: number;
  /** About this many bytes of record batches. Default 1,048,576; one batch is given even if it is larger. */
  readonly maxBytes?: number;
  /** How long to wait for a first record. 0 to 30,000, default 0. */
  readonly waitMs?: number;
  /** Default `text`. */
  readonly format?: F;
  readonly signal?: AbortSignal;
}

/** One page of a partition. */
export interface FetchedPage<F extends Format = "text"> {
  readonly records: readonly ConsumedRecord<F>[];
  /** Where the next page starts. */
  readonly nextOffset: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
}

/** The first offset at or after a time; `undefined` when no record is that late. */
export interface TimedOffset {
  readonly partition: number;
  readonly offset: number | undefined;
  readonly timestampMs: number | undefined;
}

/** @throws unknown_topic_or_partition, offset_out_of_range, … */
export async function fetchPage<F extends Format = "text">(transport: Transport, options: FetchOptions<F>): Promise<FetchedPage<F>> {
  return (await fetchSizedPage(transport, options)).page;
}

/** A page and about how much memory it takes. */
export async function fetchSizedPage<F extends Format = "text">(
  transport: Transport,
  options: FetchOptions<F>,
): Promise<{ readonly page: FetchedPage<F>; readonly characters: number }> {
  const format = options.format ?? ("text" as F);
  const { body, characters } = await transport.sized({
    method: "GET",
    path: ["topics", options.topic, "partitions", String(options.partition), "records"],
    query: {
      offset: positionQuery(checkedPosition("fetch's from", options.from ?? "earliest")),
      limit: options.limit,
      maxBytes: options.maxBytes,
      wait: options.waitMs,
      format: wireFormat(format),
    },
    waitMs: options.waitMs ?? 0,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const { records: wire, nextOffset, highWatermark, logStartOffset } = body as FetchAnswer;
  const records = wire.map((record) => decodeRecord(options.partition, record, format));
  return { page: { records, nextOffset, highWatermark, logStartOffset }, characters };
}

/** By partition. @param time epoch milliseconds, a `Date`, `earliest` or `latest` */
export async function fetchOffsets(
  transport: Transport,
  topic: string,
  time: number | Date | "earliest" | "latest",
): Promise<readonly TimedOffset[]> {
  const timestamp = typeof time === "string" ? time : epochMs(time);
  const answer = (await transport.json({ method: "GET", path: ["topics", topic, "offsets"], query: { timestamp } })) as OffsetsAnswer;
  return answer.offsets.map((one) => ({
    partition: one.partition,
    offset: one.offset ?? undefined,
    timestampMs: one.timestamp ?? undefined,
  }));
}

function positionQuery(from: Position): string {
  if (typeof from === "string") return from;
  return "offset" in from ? String(from.offset) : `@${epochMs(from.time)}`;
}

function epochMs(time: number | Date): number {
  const ms = typeof time === "number" ? time : time.getTime();
  if (Number.isFinite(ms)) return Math.trunc(ms);
  throw new LogError("invalid_request", "A time must be epoch milliseconds or a valid Date.");
}
