import { LogError } from "../../core/errors.ts";
import type { GroupOffsetBody, WirePartitions } from "../../http/group-wire.ts";
import { Queue } from "../queue.ts";
import type { ConsumedRecord, Format, Position } from "../types.ts";
import type { TopicPartition } from "./options.ts";

interface Page<F extends Format> {
  readonly records: readonly ConsumedRecord<F>[];
  readonly characters: number;
}

/** A partition that a member has: what was read of it, and how far it is handled. */
export class Part<F extends Format> {
  readonly topic: string;
  readonly partition: number;
  /** Where the next page starts. */
  position: Position;
  /** The next offset that is not handled; undefined while none is. */
  handled: number | undefined;
  /** Where it begins to be read, when nothing was committed, or it was moved elsewhere since. */
  begins = -1;
  /** The newest offset that is known to be committed. */
  committed: number;
  /** No more records of it are given: it is to go to another member. */
  isRevoked = false;
  isPaused = false;
  /** False until its member's callback has been told of it: nothing is read of it, or given, before. */
  isReady = false;
  isFetching = false;
  failures = 0;
  /** Ends the fetch that is on its way. */
  stop = new AbortController();
  readonly #pages = new Queue<Page<F>>();
  #at = 0;
  #characters = 0;

  /** @param committed -1: nothing is */
  constructor(topic: string, partition: number, position: Position, committed: number) {
    this.topic = topic;
    this.partition = partition;
    this.position = position;
    this.committed = committed;
  }

  get key(): string {
    return partKey(this.topic, this.partition);
  }

  /** About how much memory what waits here takes. */
  get characters(): number {
    return this.#characters;
  }

  get hasRecords(): boolean {
    return this.#pages.length > 0;
  }

  /** What is to be committed of it. */
  get uncommitted(): number | undefined {
    return this.handled !== undefined && this.handled > this.committed ? this.handled : undefined;
  }

  /** Whether records of it were handled that are not committed. */
  get isWorked(): boolean {
    return this.handled !== undefined && this.handled > Math.max(this.committed, this.begins);
  }

  /** Where it goes on when what was read ahead of it is forgotten, and nothing of it is being worked on. */
  get next(): Position {
    if (this.handled !== undefined) return { offset: this.handled };
    return this.committed >= 0 ? { offset: this.committed } : this.position;
  }

  /** Nothing before an offset is to be handled. */
  beginAt(offset: number | undefined): void {
    this.handled = offset;
    this.begins = offset ?? -1;
  }

  push(records: readonly ConsumedRecord<F>[], characters: number): void {
    if (records.length === 0) return;
    this.#pages.push({ records, characters });
    this.#characters += characters;
  }

  shift(): ConsumedRecord<F> | undefined {
    const page = this.#pages.peek();
    const record = page?.records[this.#at++];
    if (page !== undefined && this.#at === page.records.length) {
      this.#pages.shift();
      this.#characters -= page.characters;
      this.#at = 0;
    }
    return record;
  }

  /** Forgets what was read, and goes on elsewhere. */
  moveTo(position: Position): void {
    this.stop.abort();
    this.stop = new AbortController();
    while (this.#pages.shift() !== undefined);
    [this.#at, this.#characters] = [0, 0];
    this.position = position;
  }
}

export function partKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

export function partKeys(partitions: WirePartitions): readonly string[] {
  return Object.entries(partitions).flatMap(([topic, numbers]) => numbers.map((partition) => partKey(topic, partition)));
}

/** Of which topics a member has which. */
export function heldOf(parts: Iterable<TopicPartition>): WirePartitions {
  const held: Record<string, number[]> = {};
  for (const { topic, partition } of parts) (held[topic] ??= []).push(partition);
  return held;
}

/** One that a member has got. @param begun where it was read from before, when nothing is committed @param otherwise where to begin when it was not */
export function acquiredPart<F extends Format>(
  { topic, partition, offset }: GroupOffsetBody,
  begun: number | undefined,
  otherwise: "earliest" | "latest",
): Part<F> {
  const start = offset ?? begun;
  const part = new Part<F>(topic, partition, start === undefined ? otherwise : { offset: start }, offset ?? -1);
  if (offset === null) part.beginAt(begun);
  return part;
}

/** @throws invalid_request for one that the member does not have */
export function knownParts<F extends Format>(
  parts: ReadonlyMap<string, Part<F>>,
  partitions: readonly TopicPartition[],
): readonly Part<F>[] {
  return partitions.map(({ topic, partition }) => {
    const part = parts.get(partKey(topic, partition));
    if (part !== undefined) return part;
    throw new LogError("invalid_request", `Partition ${partition} of ${topic} is not this member's now.`);
  });
}

export function placeOf({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition };
}
