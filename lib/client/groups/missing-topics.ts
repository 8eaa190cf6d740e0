import { LogError } from "../../core/errors.ts";
import type { MembershipBody } from "../../http/group-wire.ts";
import { isPassing } from "../backoff.ts";
import type { Stalls } from "../stalls.ts";
import { TopicsClient } from "../topics.ts";
import type { Transport } from "../transport.ts";

/** A group waits for a topic that is not there, as for any other: its consumer tells which one that is. */
export class MissingTopics {
  readonly #topics: TopicsClient;
  readonly #names: readonly string[];
  readonly #stalls: Stalls;
  readonly #stop: AbortSignal;
  #generation = 0;

  constructor(transport: Transport, names: readonly string[], stalls: Stalls, stop: AbortSignal) {
    this.#topics = new TopicsClient(transport);
    this.#names = names;
    this.#stalls = stalls;
    this.#stop = stop;
  }

  /** Looks for topics of which a member has nothing, once a generation: it is another one when a topic comes or goes. Never rejects. */
  async look({ generation, assigned, revoked, awaited }: MembershipBody): Promise<void> {
    if (generation === this.#generation || !this.#stalls.isTold) return;
    this.#generation = generation;
    for (const name of this.#names) {
      const isSeen = [assigned, revoked, awaited].some((partitions) => Object.hasOwn(partitions, name));
      const reason = isSeen
        ? undefined
        : await this.#topics.get(name, this.#stop).then(
            () => undefined,
            (error: unknown) => LogError.from(error),
          );
      if (this.#generation !== generation) return;
      if (reason?.code === "unknown_topic_or_partition") this.#stalls.failed(`topic ${name}`, reason, 1);
      else if (reason !== undefined && isPassing(reason)) this.#generation = 0;
      else this.#stalls.over(`topic ${name}`);
    }
  }
}
