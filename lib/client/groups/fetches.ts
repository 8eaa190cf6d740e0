import { LogError } from "../../core/errors.ts";
import { backoffMs, isPassing } from "../backoff.ts";
import { consumerPage } from "../consumer-options.ts";
import { fetchSizedPage } from "../read.ts";
import type { Stalls } from "../stalls.ts";
import type { Transport } from "../transport.ts";
import type { Format } from "../types.ts";
import type { GroupConsumerSettings } from "./options.ts";
import type { Part } from "./part.ts";

/** How long a fetch waits where there are more partitions than fetches at once. */
const shortWaitMs = 250;

export interface FetchListener<F extends Format> {
  /** After each fetch. */
  readonly done: () => void;
  /** Where a place such as `latest` has turned out to be. */
  readonly begun: (part: Part<F>, offset: number) => void;
  /** What cannot be mended by another fetch. */
  readonly failed: (error: LogError) => void;
}

/** Reads ahead of what a member has, so many partitions at once and so much as its settings say. */
export class Fetches<F extends Format> {
  readonly #transport: Transport;
  readonly #settings: GroupConsumerSettings<F>;
  readonly #signal: AbortSignal;
  readonly #stalls: Stalls;
  readonly #told: FetchListener<F>;
  readonly #failing = new Set<Part<F>>();
  #inFlight = 0;

  constructor(transport: Transport, settings: GroupConsumerSettings<F>, signal: AbortSignal, stalls: Stalls, told: FetchListener<F>) {
    this.#transport = transport;
    this.#settings = settings;
    this.#signal = signal;
    this.#stalls = stalls;
    this.#told = told;
  }

  /** @param turn the one that comes first */
  pump(parts: readonly Part<F>[], turn: number): void {
    const { requestsMax, prefetchBytes } = this.#settings;
    // What is not to be read does not stall.
    for (const part of this.#failing) if (part.isPaused || part.isRevoked || !parts.includes(part)) this.#getsOn(part);
    // What waits of a paused one takes no room from the others.
    let characters = parts.reduce((sum, part) => sum + (part.isPaused ? 0 : part.characters), 0);
    for (const part of [...parts.slice(turn), ...parts.slice(0, turn)]) {
      if (this.#inFlight >= requestsMax || characters >= prefetchBytes || this.#signal.aborted) return;
      if (part.isFetching || !part.isReady || part.isRevoked || part.isPaused) continue;
      if (part.hasRecords && part.characters * parts.length > prefetchBytes) continue;
      characters += part.characters;
      void this.#fetch(part, parts.length <= requestsMax ? consumerPage.waitMs : shortWaitMs);
    }
  }

  /** One page of a partition. Never rejects. */
  async #fetch(part: Part<F>, longestMs: number): Promise<void> {
    const { format } = this.#settings;
    const { topic, partition, position, stop } = part;
    const { limit, maxBytes } = consumerPage;
    // A place such as `latest` is made an offset by an answer that comes at once.
    const isSettled = typeof position === "object" && "offset" in position;
    // After a failure it is asked whether there is an answer at all.
    const waitMs = isSettled && part.failures === 0 ? longestMs : 0;
    const request = { topic, partition, from: position, limit, maxBytes, waitMs, format, signal: stop.signal };
    part.isFetching = true;
    this.#inFlight++;
    try {
      const { page, characters } = await fetchSizedPage(this.#transport, request);
      if (!stop.signal.aborted) {
        part.failures = 0;
        this.#getsOn(part);
        part.position = { offset: page.nextOffset };
        part.push(page.records, characters);
        // Where the group begins is committed as soon as it is known: the end is another one by the time that another member asks for it.
        if (!isSettled) this.#told.begun(part, page.records[0]?.offset ?? page.nextOffset);
      }
    } catch (reason) {
      if (!stop.signal.aborted) await this.#afterFailure(part, LogError.from(reason));
    }
    part.isFetching = false;
    this.#inFlight--;
    this.#told.done();
  }

  async #afterFailure(part: Part<F>, error: LogError): Promise<void> {
    const { autoOffsetReset } = this.#settings;
    const { clock, random } = this.#transport;
    if (error.code === "offset_out_of_range" && autoOffsetReset !== "none") {
      part.position = autoOffsetReset;
      return;
    }
    // A topic that is gone is taken away by the next beat.
    if (isPassing(error) || error.code === "unknown_topic_or_partition") {
      if (isPassing(error)) {
        this.#failing.add(part);
        this.#stalls.failed(part, error, part.failures);
      }
      await clock.sleep(backoffMs(part.failures++, random, error), part.stop.signal);
      return;
    }
    this.#told.failed(error);
  }

  #getsOn(part: Part<F>): void {
    this.#failing.delete(part);
    this.#stalls.over(part);
  }
}
