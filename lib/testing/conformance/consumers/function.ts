import { CallFailed, type CallBatch, type Carrier, type Consumer, type Failure } from "../../../log/consumers/consumers.ts";

const text = new TextDecoder();

/** What a function answers; throws what it fails with. */
export type Answer = (batch: CallBatch, nth: number) => unknown;

/** A function that notes what it is called with. */
export class TriggeredFunction implements Carrier {
  /** Each as `partition: labels`. */
  readonly calls: string[] = [];
  readonly batches: CallBatch[] = [];
  readonly consumers: Consumer[] = [];
  readonly failures: { readonly destination: string; readonly failure: Failure }[] = [];
  answer: Answer;
  /** Of destinations outside of the log. Default: takes all. */
  take: (nth: number) => unknown = () => undefined;

  constructor(answer: Answer = () => undefined) {
    this.answer = answer;
  }

  async call(consumer: Consumer, batch: CallBatch, _signal: AbortSignal | undefined): Promise<unknown> {
    this.calls.push(`${batch.partition}: ${labelsIn(batch).join(" ")}`);
    this.batches.push(batch);
    this.consumers.push(consumer);
    return await this.answer(batch, this.calls.length);
  }

  async sendFailure(destination: string, failure: Failure): Promise<void> {
    this.failures.push({ destination, failure });
    await this.take(this.failures.length);
  }

  /** What it was called with since this was asked last. */
  called(): readonly string[] {
    this.batches.length = 0;
    return this.calls.splice(0);
  }
}

export function labelsIn({ records }: Pick<CallBatch, "records">): readonly string[] {
  return records.map(({ value }) => (value === null ? "-" : text.decode(value).slice(0, 20)));
}

/** Fails for batches with one of these labels. */
export function failsOn(...labels: readonly string[]): Answer {
  return (batch) => {
    const bad = labelsIn(batch).filter((label) => labels.includes(label));
    if (bad.length > 0) throw failed(`cannot do ${bad.join(" ")}`);
  };
}

export function failed(message = "it failed"): CallFailed {
  return new CallFailed("function", message, { functionError: "Unhandled", requestId: "r-1" });
}

export function unavailable(message = "no connection"): CallFailed {
  return new CallFailed("unavailable", message);
}

/** An answer that names offsets of a batch as failed. */
export function reports({ topic, partition }: Pick<CallBatch, "topic" | "partition">, ...offsets: readonly number[]): object {
  return { batchItemFailures: offsets.map((offset) => ({ itemIdentifier: { partition: `${topic}-${partition}`, offset } })) };
}
