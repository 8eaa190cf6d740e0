import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Appended, Entry, Guards, ShardKey } from "../../ports/journal.ts";
import { type Ambiguity, notApplied, preparing, unknown } from "./ambiguity.ts";
import { type Commit, commitChange } from "./commit-change.ts";
import { answerOf, commitOf, type Draft, isNewcomer, storePayload, type StoredPayload } from "./draft.ts";
import type { Heads } from "./heads.ts";
import type { Head, PlacedEntry } from "./items/head.ts";
import { headKey } from "./keys.ts";
import type { Payloads } from "./payloads.ts";
import type { Producers } from "./producers.ts";
import { crossesRoll, type Roller } from "./roller.ts";
import { decideOn } from "./shard-view.ts";
import { asLogError, Attempts, faultOf, type Context } from "./context.ts";
import type { Item, StoreFault } from "./table.ts";

/** An append that waits for its answer. */
export interface Pending {
  readonly entry: Entry;
  readonly guards: Guards | undefined;
  readonly bytes: number;
  resolve(answer: Appended): void;
  reject(error: LogError): void;
}

export interface CommitParts {
  readonly context: Context;
  readonly heads: Heads;
  readonly payloads: Payloads;
  readonly producers: Producers;
  readonly roller: Roller;
  readonly ambiguity: Ambiguity;
  /** Keeps work that nobody waits for until the engine closes. */
  readonly inBackground: (work: Promise<unknown>) => void;
}

/** What one attempt left. */
interface Attempt {
  readonly head: Head;
  /** Whether the head is as new as the attempt. */
  readonly isFresh: boolean;
  readonly payload: StoredPayload | undefined;
}

/** Commits appends to one shard together (P1 to P5): each of them ends with an answer or a true error. */
export class Committer {
  readonly #parts: CommitParts;

  constructor(parts: CommitParts) {
    this.#parts = parts;
  }

  /** Never rejects: it is the appends that do. */
  async commit(shard: ShardKey, appends: readonly Pending[]): Promise<void> {
    const open = new Set(appends);
    try {
      await this.#commit(shard, open);
    } catch (reason) {
      for (const append of open) append.reject(LogError.from(reason));
    }
  }

  async #commit(shard: ShardKey, open: Set<Pending>): Promise<void> {
    const { context, heads } = this.#parts;
    const attempts = new Attempts(context);
    let state = await before(heads.known(shard), () => heads.read(shard));
    for (let count = 0; open.size > 0; count++) {
      if (count === limits.awsAttemptsMax)
        throw new LogError("throttled", "The shard changed too often meanwhile: send it again.", { retryAfterMs: limits.awsRetryAfterMs });
      const drafts = await this.#decide(shard, state, open);
      if (drafts === undefined) {
        state = { ...state, head: await preparing(heads.read(shard)), isFresh: true };
        continue;
      }
      if (drafts.size === 0) return;
      const newcomers = [...drafts].filter(([, draft]) => isNewcomer(state.head, draft)).map(([append]) => append);
      if (newcomers.length > 0 && drafts.size > 1) {
        await this.#apart(shard, open, newcomers);
        return;
      }
      state = await this.#attempt(shard, open, drafts, state, attempts);
    }
  }

  /** New producers one by one, the others together. */
  async #apart(shard: ShardKey, open: Set<Pending>, newcomers: readonly Pending[]): Promise<void> {
    const others = [...open].filter((append) => !newcomers.includes(append));
    open.clear();
    if (others.length > 0) await this.commit(shard, others);
    for (const append of newcomers) await this.commit(shard, [append]);
  }

  /** Decides all; what adds nothing is answered or refused. Undefined: a refusal that may be due to an old head. */
  async #decide(shard: ShardKey, { head, isFresh }: Attempt, open: Set<Pending>): Promise<ReadonlyMap<Pending, Draft> | undefined> {
    const drafts = new Map<Pending, Draft>();
    for (const append of [...open]) {
      try {
        const decided = await decideOn(this.#parts.producers, shard, head, append);
        const { parts, answer, duplicateSeq } = decided.decision;
        if (parts.length > 0) {
          drafts.set(append, { ...append, decided });
          continue;
        }
        append.resolve({ seq: duplicateSeq ?? head.seq, parts: answer });
      } catch (reason) {
        if (!isFresh) return undefined;
        append.reject(notApplied(reason));
      }
      open.delete(append);
    }
    return drafts;
  }

  async #attempt(
    shard: ShardKey,
    open: Set<Pending>,
    drafts: ReadonlyMap<Pending, Draft>,
    state: Attempt,
    attempts: Attempts,
  ): Promise<Attempt> {
    const { head } = state;
    const own = [...drafts.values()];
    const payload = await preparing(storePayload(this.#parts, shard, head, own, state.payload));
    const commit = commitOf(head, own, payload);
    let item: Item;
    try {
      item = await this.#parts.context.table.update(headKey(shard), commitChange(commit, this.#parts.context.tuning));
    } catch (reason) {
      const next = await this.#afterFault(shard, { head, payload, open, drafts }, faultOf(reason), attempts);
      return { ...next, payload };
    }
    return { head: committed(() => this.#after(shard, open, drafts, commit, item)), isFresh: true, payload };
  }

  /** A commit went through. */
  #after(shard: ShardKey, open: Set<Pending>, drafts: ReadonlyMap<Pending, Draft>, { refs }: Commit, item: Item): Head {
    const { context, heads, roller, inBackground } = this.#parts;
    const after = heads.learn(shard, item);
    this.#answer(open, drafts, after.tail().slice(-refs.length));
    const bytes = refs.reduce((sum, ref) => sum + ref.length, 0);
    if (crossesRoll(context.tuning, after, refs.length, bytes)) inBackground(roller.roll(shard, after));
    return after;
  }

  async #afterFault(
    shard: ShardKey,
    sent: {
      readonly head: Head;
      readonly payload: StoredPayload;
      readonly open: Set<Pending>;
      readonly drafts: ReadonlyMap<Pending, Draft>;
    },
    fault: StoreFault,
    attempts: Attempts,
  ): Promise<Omit<Attempt, "payload">> {
    const { heads, ambiguity } = this.#parts;
    if (fault.kind === "condition") {
      const met = heads.learn(shard, fault.item);
      return { head: await preparing(this.#parts.roller.withRoom(shard, met, sent.drafts.size, attempts)), isFresh: true };
    }
    if (fault.kind === "unknown") {
      const { head, entries } = await ambiguity.settle(shard, sent.head, sent.payload.place.id);
      if (entries.length > 0) this.#answer(sent.open, sent.drafts, entries);
      return { head, isFresh: true };
    }
    if (fault.kind === "refused") throw asLogError(fault);
    await attempts.again(fault);
    return { head: sent.head, isFresh: false };
  }

  #answer(open: Set<Pending>, drafts: ReadonlyMap<Pending, Draft>, entries: readonly PlacedEntry[]): void {
    let nth = 0;
    for (const [append, draft] of drafts) {
      const entry = entries[nth++];
      if (entry === undefined) throw new LogError("internal", "a commit shows fewer entries than it has", { outcome: "unknown" });
      open.delete(append);
      append.resolve(answerOf(draft, entry));
    }
  }
}

async function before(known: Head | undefined, read: () => Promise<Head>): Promise<Attempt> {
  return { head: known ?? (await preparing(read())), isFresh: known === undefined, payload: undefined };
}

/** A step after a commit went through: whatever fails in it, the records are in the log. */
function committed<T>(step: () => T): T {
  try {
    return step();
  } catch (reason) {
    throw unknown(reason);
  }
}
