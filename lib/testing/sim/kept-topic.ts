import type { FetchFrom, FetchResult, Log } from "../../log/log.ts";
import type { SeenRecord } from "../history.ts";
import { seenIn } from "./clients/reader.ts";

/** Why records of a topic may go. */
export interface Gone {
  /** Those before an offset that was asked for. */
  readonly isTrimmed: boolean;
  /** Those whose key a later one has, and tombstones. */
  readonly isCompacted: boolean;
  /** By the topic's size: all but so many of the newest. */
  readonly keptMin: number;
}

interface Sent {
  readonly key: string;
  /** "" of a tombstone. */
  readonly value: string;
}

/** A topic of one partition and one writer, who sends one record after the other: what was sent is known offset by offset, and so is what may be gone. */
export class KeptTopic {
  readonly name: string;
  readonly gone: Gone;
  /** Up to which offset records may have been deleted because somebody asked for it. */
  askedFor = 0;
  readonly #sent: Sent[] = [];
  #certain = 0;

  constructor(name: string, gone: Gone) {
    this.name = name;
    this.gone = gone;
  }

  /** How many records are certainly in. */
  get certain(): number {
    return this.#certain;
  }

  /** The highest log start offset that there may be. */
  get startMax(): number {
    return Math.max(this.askedFor, this.#sent.length - this.gone.keptMin);
  }

  /** The last one is certainly in before the next is sent. @returns its offset, once it is in */
  send(key: string, value: string): number {
    this.#sent.push({ key, value });
    return this.#sent.length - 1;
  }

  acknowledge(): void {
    this.#certain = this.#sent.length;
  }

  /** What is wrong with an answer to a fetch from an offset. */
  judge(
    from: number,
    { nextOffset, logStartOffset }: Pick<FetchResult, "nextOffset" | "logStartOffset">,
    seen: readonly SeenRecord[],
  ): readonly string[] {
    const wrong: string[] = [];
    let next = from;
    const passTo = (offset: number): void => {
      for (; next < offset; next++) if (!this.#mayBeGone(next)) wrong.push(`${this.name} gives nothing at ${next}, read from ${from}`);
    };
    for (const { offset, value } of seen) {
      passTo(offset);
      if (offset < next) wrong.push(`${this.name} gives ${offset} after ${next - 1}`);
      if (value !== this.#sent[offset]?.value) wrong.push(`${this.name} gives ${value} at ${offset}, read from ${from}`);
      next = offset + 1;
    }
    passTo(nextOffset);
    if (nextOffset < next || (from < this.#certain && nextOffset <= from))
      wrong.push(`${this.name} goes on at ${nextOffset}, read from ${from}`);
    if (logStartOffset > this.startMax) wrong.push(`${this.name} starts at ${logStartOffset}, and may do so at ${this.startMax} at most`);
    return wrong;
  }

  /**
   * What is wrong with all of it, read while nothing goes on.
   * @param isCleaned whether all is compacted that can be
   */
  judgeAll(logStartOffset: number, highWatermark: number, seen: readonly SeenRecord[], isCleaned: boolean): readonly string[] {
    const wrong = [...this.judge(logStartOffset, { nextOffset: highWatermark, logStartOffset }, seen)];
    if (highWatermark < this.#certain || highWatermark > this.#sent.length)
      wrong.push(`${this.name} ends at ${highWatermark}, and was given ${this.#certain} to ${this.#sent.length}`);
    if (!this.gone.isCompacted) return wrong;
    const expected = latestOf(this.#sent.slice(0, highWatermark).flatMap((sent, offset) => (offset < logStartOffset ? [] : [sent])));
    const found = latestOf(seen.flatMap(({ offset }) => this.#sent[offset] ?? []));
    if (expected !== found) wrong.push(`${this.name} comes to ${found}, and ought to come to ${expected}`);
    const keys = new Set(seen.map(({ offset }) => this.#sent[offset]?.key));
    if (isCleaned && keys.size < seen.length) wrong.push(`${this.name} is compacted and has ${seen.length} records of ${keys.size} keys`);
    return wrong;
  }

  #mayBeGone(offset: number): boolean {
    const sent = this.#sent[offset];
    if (sent === undefined || offset < this.startMax) return sent !== undefined;
    return this.gone.isCompacted && (sent.value === "" || this.#sent.some(({ key }, later) => later > offset && key === sent.key));
  }
}

/** Reads all of it, while nothing goes on. @param isCleaned whether all is compacted that can be @returns what is wrong with it */
export async function judgeKept(log: Log, kept: KeptTopic, isCleaned: boolean): Promise<readonly string[]> {
  const seen: SeenRecord[] = [];
  for (let from: FetchFrom = "earliest"; ; ) {
    const found: FetchResult = await log.fetch(kept.name, 0, { from });
    const { offset, nextOffset, logStartOffset, highWatermark } = found;
    seen.push(...seenIn(found));
    if (nextOffset >= highWatermark) return kept.judgeAll(logStartOffset, highWatermark, seen, isCleaned);
    if (nextOffset <= offset) return [`the final read of ${kept.name} stops at ${offset}`];
    from = nextOffset;
  }
}

/** The last value of each key, as text: a tombstone is as good as none. */
function latestOf(sent: readonly Sent[]): string {
  const latest = new Map(sent.map(({ key, value }) => [key, value]));
  return [...latest]
    .filter(([, value]) => value !== "")
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(" ");
}
