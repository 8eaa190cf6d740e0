import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { backoffMs, isPassing } from "../backoff.ts";
import type { Stalls } from "../stalls.ts";
import type { Transport } from "../transport.ts";
import type { Format } from "../types.ts";
import { GroupsClient, type Membership } from "./groups.ts";
import type { GroupConsumerSettings } from "./options.ts";
import { type Part, placeOf } from "./part.ts";
import { dueParts, offsetsOf, type OutputPlace, sendTransaction, transactionCall } from "./transaction.ts";

/** How long closing tries to commit where the server gives no answer. */
const closingMsMax = 5_000;

/** Commits what a member has handled. */
export class Commits<F extends Format> {
  readonly #transport: Transport;
  readonly #groups: GroupsClient;
  readonly #settings: GroupConsumerSettings<F>;
  readonly #closing: AbortSignal;
  readonly #stalls: Stalls;
  readonly #membership: () => Membership;
  #committing: Promise<void> = Promise.resolve();

  /** @param closing aborted once the consumer is being closed @param membership the member's, as it is now */
  constructor(
    transport: Transport,
    settings: GroupConsumerSettings<F>,
    closing: AbortSignal,
    stalls: Stalls,
    membership: () => Membership,
  ) {
    this.#transport = transport;
    this.#groups = new GroupsClient(transport);
    this.#settings = settings;
    this.#closing = closing;
    this.#stalls = stalls;
    this.#membership = membership;
  }

  /** One after the other: each begins with what the one before has left. */
  commit(parts: readonly Part<F>[]): Promise<void> {
    const run = this.#committing.then(() => this.#commitNow(parts));
    this.#committing = run.catch(() => undefined);
    return run;
  }

  /** What was handled, together with records, in one step. @throws LogError: nothing of it is done, unless its outcome is unknown */
  commitWith(parts: readonly Part<F>[], records: string, count: number): Promise<readonly OutputPlace[] | undefined> {
    const run = this.#committing.then(() => this.#commitWithNow(parts, records, count));
    this.#committing = run.then(
      () => undefined,
      () => undefined,
    );
    return run;
  }

  async #commitWithNow(parts: readonly Part<F>[], records: string, count: number): Promise<readonly OutputPlace[] | undefined> {
    const due = dueParts(parts, count);
    if (due.length === 0) return [];
    const offsets = offsetsOf(due);
    // Of now for all attempts: what has been lost by the time of another one is refused, also when it has come back.
    const call = transactionCall(this.#transport, this.#settings.group, this.#membership(), offsets, records);
    const places = await sendTransaction(this.#transport, call, (run) => this.retried(run));
    for (const [at, part] of due.entries()) part.committed = Math.max(part.committed, offsets[at]?.offset ?? 0);
    return places;
  }

  async #commitNow(parts: readonly Part<F>[]): Promise<void> {
    // Of now: what has been lost by the time of another attempt is refused.
    const membership = this.#membership();
    const due = parts.flatMap((part) => (part.uncommitted === undefined ? [] : [{ part, offset: part.uncommitted }]));
    for (let at = 0; at < due.length; at += limits.offsetCommitsMax) {
      const own = due.slice(at, at + limits.offsetCommitsMax);
      const offsets = own.map(({ part, offset }) => ({ ...placeOf(part), offset }));
      await this.retried(() => this.#groups.commit(this.#settings.group, membership, offsets));
      for (const { part, offset } of own) part.committed = Math.max(part.committed, offset);
    }
  }

  /** Beats, commits and acquisitions are the same however often they are done: what got no answer is sent again, for as long as a session. */
  async retried<T>(run: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { clock, random } = this.#transport;
    const { sessionTimeoutMs } = this.#settings;
    const startedMs = clock.nowMs();
    try {
      for (let attempt = 0; ; attempt++) {
        try {
          return await run();
        } catch (reason) {
          const error = LogError.from(reason);
          // Who closes does not wait for a server that is not there.
          const longestMs = this.#closing.aborted ? Math.min(closingMsMax, sessionTimeoutMs) : sessionTimeoutMs;
          if (!isPassing(error) || signal?.aborted === true || clock.nowMs() - startedMs >= longestMs) throw error;
          this.#stalls.failed(run, error, attempt);
          await clock.sleep(backoffMs(attempt, random, error), signal);
        }
      }
    } finally {
      this.#stalls.over(run);
    }
  }
}
