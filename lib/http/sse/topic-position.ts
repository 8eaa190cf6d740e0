import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";

/**
 * Where a reader of a whole topic stands: the next offset of each partition. As text (an event's id) it is opaque
 * to clients: the topic's id, then the offsets in base 36.
 */
export class TopicPosition {
  readonly #topicId: string;
  readonly #next: number[];

  constructor(topicId: string, next: readonly number[]) {
    this.#topicId = topicId;
    this.#next = [...next];
  }

  /** @throws invalid_request when it is no position; offset_out_of_range when it is another topic's */
  static parse(text: string, topicId: string): TopicPosition {
    const split = text.indexOf("~");
    const parts = text.slice(split + 1).split(".");
    if (split < 0 || parts.length > limits.streamPartitionsMax || !parts.every(isOffset)) {
      throw new LogError("invalid_request", "Last-Event-ID is none of this stream's: send the id of an event as it was.");
    }
    if (text.slice(0, split) !== topicId) {
      throw new LogError("offset_out_of_range", "Last-Event-ID is of a topic that was deleted: start again without it.");
    }
    return new TopicPosition(
      topicId,
      parts.map((part) => Number.parseInt(part, 36)),
    );
  }

  /** Partitions that were added later start at 0: nothing of them is missed. */
  next(partition: number): number {
    return this.#next[partition] ?? 0;
  }

  move(partition: number, next: number): void {
    while (this.#next.length < partition) this.#next.push(0);
    this.#next[partition] = next;
  }

  /** Gives the position as text for each offset of one partition: what stands before and after is written once. */
  writer(partition: number): (next: number) => string {
    this.move(partition, this.next(partition));
    const write = (part: readonly number[]): string => part.map((offset) => offset.toString(36)).join(".");
    const before = this.#next.slice(0, partition);
    const after = this.#next.slice(partition + 1);
    const start = `${this.#topicId}~${before.length === 0 ? "" : `${write(before)}.`}`;
    const end = after.length === 0 ? "" : `.${write(after)}`;
    return (next) => `${start}${next.toString(36)}${end}`;
  }
}

function isOffset(text: string): boolean {
  return /^[0-9a-z]{1,11}$/.test(text) && Number.isSafeInteger(Number.parseInt(text, 36));
}
