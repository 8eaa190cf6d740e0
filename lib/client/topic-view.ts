import { LogError } from "../core/errors.ts";
import type { TopicDetailBody } from "../http/wire.ts";
import { backoffMs, isPassing } from "./backoff.ts";
import type { ProducerSettings } from "./producer-options.ts";
import type { Transport } from "./transport.ts";

/** What a producer has to know of its topic. */
export interface TopicShape {
  readonly id: string;
  readonly partitions: number;
  readonly partitionsPerShard: number;
  /** When it was asked for, by the client's clock. */
  readonly loadedMs: number;
}

/** The topic as last read, read again when it has grown old or has been found wrong. */
export class TopicView {
  readonly #transport: Transport;
  readonly #settings: ProducerSettings;
  #shape: TopicShape | undefined;
  #loading: Promise<TopicShape> | undefined;

  constructor(transport: Transport, settings: ProducerSettings) {
    this.#transport = transport;
    this.#settings = settings;
  }

  /** Undefined: it has to be loaded first. An old one is given once more while it is read again. */
  current(): TopicShape | undefined {
    const shape = this.#shape;
    if (shape === undefined) return undefined;
    const nowMs = this.#transport.clock.nowMs();
    if (this.#loading === undefined && nowMs - shape.loadedMs >= this.#settings.metadataMaxAgeMs) {
      this.load(nowMs).catch(() => undefined); // A send that needs it will meet the error.
    }
    return shape;
  }

  /** What is known is wrong. */
  forget(): void {
    this.#shape = undefined;
  }

  /** Reads the topic, again and again until the delivery timeout from `sinceMs` on. @throws LogError, not applied */
  load(sinceMs: number): Promise<TopicShape> {
    this.#loading ??= this.#load(sinceMs).finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #load(sinceMs: number): Promise<TopicShape> {
    const { clock, random } = this.#transport;
    const endMs = sinceMs + this.#settings.deliveryTimeoutMs;
    for (let attempt = 0; ; attempt++) {
      const loadedMs = clock.nowMs();
      try {
        const answer = await this.#transport.json({ method: "GET", path: ["topics", this.#settings.topic] });
        const { id, partitions, partitionsPerShard } = answer as TopicDetailBody;
        this.#shape = { id, partitions, partitionsPerShard, loadedMs };
        return this.#shape;
      } catch (reason) {
        const error = LogError.from(reason);
        const waitMs = backoffMs(attempt, random, error);
        if (!isPassing(error) || clock.nowMs() + waitMs >= endMs) throw error;
        await clock.sleep(waitMs);
      }
    }
  }
}
