import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Appended, Entry, Guards, ShardKey } from "../../ports/journal.ts";
import { type Ambiguity, notApplied, preparing, unknown } from "./ambiguity.ts";
import { type Commit, commitChange } from "./commit-change.ts";
import { reportAmbiguity, reportCommit } from "./commit-report.ts";
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
  /** Of the request that it is for, where telemetry listens. */
  readonly traceId: string | undefined;
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

/** The appends that one attempt is about. */
interface Group {
  readonly shard: ShardKey;
  /** Those without an answer yet, more than the attempt takes along perhaps. */
  readonly open: Set<Pending>;
  readonly drafts: ReadonlyMap<Pending, Draft>;
  readonly attempts: Attempts;
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
      state = await this.#attempt({ shard, open, drafts, attempts }, state);
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

  async #attempt(group: Group, state: Attempt): Promise<Attempt> {
    const { shard, drafts } = group;
    const { head } = state;
    const own = [...drafts.values()];
    const payload = await preparing(storePayload(this.#parts, shard, head, own, state.payload));
    const commit = commitOf(head, own, payload);
    let item: Item;
    try {
      item = await this.#parts.context.table.update(headKey(shard), commitChange(commit, this.#parts.context.tuning));
    } catch (reason) {
      const next = await this.#afterFault(group, { head, payload }, faultOf(reason));
      return { ...next, payload };
    }
    return { head: committed(() => this.#after(group, commit, item)), isFresh: true, payload };
  }

  /** A commit went through. */
  #after(group: Group, { refs }: Commit, item: Item): Head {
    const { shard } = group;
    const { context, heads, roller, inBackground } = this.#parts;
    const after = heads.learn(shard, item);
    this.#answer(group, after.tail().slice(-refs.length));
    const bytes = refs.reduce((sum, ref) => sum + ref.length, 0);
    if (crossesRoll(context.tuning, after, refs.length, bytes)) inBackground(roller.roll(shard, after));
    return after;
  }

  async #afterFault(
    group: Group,
    sent: { readonly head: Head; readonly payload: StoredPayload },
    fault: StoreFault,
  ): Promise<Omit<Attempt, "payload">> {
    const { shard, drafts, attempts } = group;
    const { context, heads, ambiguity, roller } = this.#parts;
    if (fault.kind === "refused") throw asLogError(fault);
    if (fault.kind === "unknown") {
      const { head, entries } = await ambiguity.settle(shard, sent.head, sent.payload.place.id);
      reportAmbiguity(context, shard, entries.length);
      if (entries.length > 0) this.#answer(group, entries);
      return { head, isFresh: true };
    }
    context.telemetry?.count("CommitRetries", 1);
    if (fault.kind === "condition") {
      const met = heads.learn(shard, fault.item);
      return { head: await preparing(roller.withRoom(shard, met, drafts.size, attempts)), isFresh: true };
    }
    await attempts.again(fault);
    return { head: sent.head, isFresh: false };
  }

  #answer({ shard, open, drafts, attempts }: Group, entries: readonly PlacedEntry[]): void {
    let nth = 0;
    for (const [append, draft] of drafts) {
      const entry = entries[nth++];
      if (entry === undefined) throw new LogError("internal", "a commit shows fewer entries than it has", { outcome: "unknown" });
      open.delete(append);
      append.resolve(answerOf(draft, entry));
    }
    const [first] = entries;
    if (first === undefined) return;
    reportCommit(this.#parts.context, shard, { seq: first.seq, durationMs: attempts.elapsedMs, appends: [...drafts.keys()] });
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
