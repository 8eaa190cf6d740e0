import type { AppendOp, History, PollOp, SeenRecord, SentRecord } from "../history.ts";
import type { KeptTopic } from "./kept-topic.ts";

/** Takes down what happens, in the order in which it happens. */
export class Recorder {
  readonly appends: AppendOp[] = [];
  readonly polls: PollOp[] = [];
  /** What clients met that no history can show: an answer that must never be given. */
  readonly problems: string[] = [];
  readonly final = new Map<number, readonly SeenRecord[]>();
  /** Topics whose records go, to be read once more in the end. */
  readonly kept: KeptTopic[] = [];
  readonly lines: string[] = [];
  #moment = 0;
  #values = 0;

  /** A moment after all earlier ones. */
  now(): number {
    return this.#moment++;
  }

  /** A value that no other record has. */
  newValue(client: string): string {
    return `${client}#${this.#values++}`;
  }

  append(op: Omit<AppendOp, "endAt">): void {
    this.appends.push({ ...op, endAt: this.now() });
    this.trace(`${op.client}: ${op.records.map(shownRecord).join(", ")}`);
  }

  poll(op: Omit<PollOp, "endAt">): void {
    this.polls.push({ ...op, endAt: this.now() });
    this.trace(
      `${op.reader} ${op.partition}: ${op.from} to ${op.nextOffset} of ${op.highWatermark}: ${op.seen.map(({ value }) => value).join(", ")}`,
    );
  }

  problem(message: string): void {
    this.problems.push(message);
    this.trace(`problem: ${message}`);
  }

  trace(line: string): void {
    this.lines.push(line);
  }

  get history(): History {
    return { appends: this.appends, polls: this.polls, final: this.final };
  }
}

function shownRecord({ value, outcome, partition, offset }: SentRecord): string {
  return outcome === "ok" ? `${value} at ${partition}:${offset}` : `${value} ${outcome}`;
}
