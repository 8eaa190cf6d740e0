import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { CatalogWrite } from "../../ports/catalog.ts";
import type { Appended, ShardAppend, ShardKey } from "../../ports/journal.ts";
import { preparing, unknown } from "./ambiguity.ts";
import { catalogConflict, checkCatalogWrites, transactWriteOf } from "./catalog-writes.ts";
import { mapBounded } from "../../core/bounded.ts";
import { commitChange } from "./commit-change.ts";
import type { CommitParts } from "./commit.ts";
import { reportAmbiguity, reportCommit } from "./commit-report.ts";
import { answerOf, commitOf, type Draft, storePayload, type StoredPayload } from "./draft.ts";
import type { Head, PlacedEntry } from "./items/head.ts";
import { headKey, shardName } from "./keys.ts";
import { crossesRoll } from "./roller.ts";
import { decideOn } from "./shard-view.ts";
import { asLogError, Attempts, faultOf, newId } from "./context.ts";
import type { StoreFault, TransactWrite } from "./table.ts";

/** One shard's part of a transaction, decided and with its bytes stored. */
interface Prepared {
  readonly shard: ShardKey;
  readonly head: Head;
  readonly draft: Draft;
  readonly payload: StoredPayload;
}

/**
 * Entries of several shards and catalog writes in one DynamoDB transaction (P12). Each head's part carries the conditions of a commit, its epoch among them:
 * so an ambiguous transaction is ended and looked for in one head alone, and what is found there holds for all of it.
 */
export class Transactions {
  readonly #parts: CommitParts;

  constructor(parts: CommitParts) {
    this.#parts = parts;
  }

  async run(appends: readonly ShardAppend[], writes: readonly CatalogWrite[]): Promise<readonly Appended[]> {
    checkTransaction(appends, writes.length);
    checkCatalogWrites(writes);
    const attempts = new Attempts(this.#parts.context);
    const payloads = new Map<string, StoredPayload>();
    for (let count = 0; count < limits.awsAttemptsMax; count++) {
      const decided = await preparing(this.#decideAll(appends, attempts));
      const repeated = repeatedAnswer(decided);
      if (repeated !== undefined) return repeated;
      const prepared = await preparing(mapBounded(decided, limits.awsReadsAtOnceMax, (each) => this.#prepare(each, payloads)));
      const answer = await this.#attempt(prepared, writes, attempts);
      if (answer !== undefined) return answer;
    }
    throw new LogError("throttled", "The shards changed too often meanwhile: send it again.", { retryAfterMs: limits.awsRetryAfterMs });
  }

  /** Heads are read one by one: a first attempt that comes to be done in between shows in some of them only. Reading again shows all of it. */
  async #decideAll(appends: readonly ShardAppend[], attempts: Attempts): Promise<readonly Omit<Prepared, "payload">[]> {
    const decided = await this.#decide(appends, attempts);
    return isMixed(decided) ? await this.#decide(appends, attempts) : decided;
  }

  async #decide(appends: readonly ShardAppend[], attempts: Attempts): Promise<readonly Omit<Prepared, "payload">[]> {
    return await mapBounded(appends, limits.awsReadsAtOnceMax, async ({ shard, entry, guards }) => {
      const head = await this.#parts.roller.withRoom(shard, await this.#parts.heads.read(shard), 1, attempts);
      const decided = await decideOn(this.#parts.producers, shard, head, { entry, guards });
      return { shard, head, draft: { entry, guards, decided } };
    });
  }

  async #prepare(decided: Omit<Prepared, "payload">, payloads: Map<string, StoredPayload>): Promise<Prepared> {
    const { shard, head, draft } = decided;
    const name = shardName(shard);
    const payload = await storePayload(this.#parts, shard, head, [draft], payloads.get(name));
    payloads.set(name, payload);
    return { ...decided, payload };
  }

  /** @returns the answer; undefined when it certainly was not done and may be tried again */
  async #attempt(
    prepared: readonly Prepared[],
    writes: readonly CatalogWrite[],
    attempts: Attempts,
  ): Promise<readonly Appended[] | undefined> {
    const { context } = this.#parts;
    const writeId = newId(context);
    const all: TransactWrite[] = prepared.map(({ shard, head, draft, payload }) => ({
      kind: "update",
      key: headKey(shard),
      change: commitChange(commitOf(head, [draft], payload), context.tuning),
    }));
    for (const write of writes) all.push(transactWriteOf(write, writeId));
    try {
      await transactOnce(this.#parts, all, prepared.length === 0, attempts, writeId);
    } catch (reason) {
      const fault = faultOf(reason);
      const isDone = await this.#afterFault(prepared, writes, fault, attempts);
      if (!isDone) return undefined;
    }
    return await this.#answers(prepared, attempts);
  }

  /** @returns whether it was done */
  async #afterFault(
    prepared: readonly Prepared[],
    writes: readonly CatalogWrite[],
    fault: StoreFault,
    attempts: Attempts,
  ): Promise<boolean> {
    if (fault.kind === "refused") throw asLogError(fault);
    if (fault.kind === "condition") {
      const failed = writes.find((_, nth) => fault.writes[prepared.length + nth]?.kind === "condition");
      if (failed !== undefined) throw catalogConflict(failed.key);
      for (const [nth, { shard }] of prepared.entries()) {
        const own = fault.writes[nth];
        if (own?.kind === "condition") this.#parts.heads.learn(shard, own.item);
      }
      this.#parts.context.telemetry?.count("CommitRetries", 1);
      return false;
    }
    const [first] = prepared;
    if (fault.kind === "unknown" && first !== undefined) {
      const { entries } = await this.#parts.ambiguity.settle(first.shard, first.head, first.payload.place.id);
      reportAmbiguity(this.#parts.context, first.shard, entries.length);
      return entries.length > 0;
    }
    this.#parts.context.telemetry?.count("CommitRetries", 1);
    await attempts.again(fault);
    return false;
  }

  async #answers(prepared: readonly Prepared[], attempts: Attempts): Promise<readonly Appended[]> {
    try {
      return await mapBounded(prepared, limits.awsReadsAtOnceMax, async ({ shard, head: before, draft, payload }) => {
        const { context, heads, ambiguity, roller, inBackground } = this.#parts;
        const head = await heads.read(shard);
        const [entry] = await ambiguity.find(shard, head, before.seq, payload.place.id);
        if (entry === undefined) throw new LogError("corrupt_log", `A transaction's entry ${payload.place.id} is not in its shard.`);
        const append = {
          bytes: draft.entry.parts.reduce((sum, part) => sum + part.batches.byteLength, 0),
          traceId: context.telemetry?.traceId(),
        };
        reportCommit(context, shard, { seq: entry.seq, durationMs: attempts.elapsedMs, appends: [append] });
        if (crossesRoll(context.tuning, head, 1, 0)) inBackground(roller.roll(shard, head));
        return answerOf(draft, entry satisfies PlacedEntry);
      });
    } catch (reason) {
      throw unknown(reason);
    }
  }
}

/**
 * Sends it once; only when it holds nothing but catalog writes, again with the same token while its outcome is not known: DynamoDB does it at most once.
 * @throws StoreFault, LogError
 */
async function transactOnce(
  parts: CommitParts,
  all: readonly TransactWrite[],
  isRepeatable: boolean,
  attempts: Attempts,
  token: string,
): Promise<void> {
  for (let mayBeDone = false; ; mayBeDone = true) {
    try {
      await parts.context.table.transact(all, token);
      return;
    } catch (reason) {
      const fault = faultOf(reason);
      // An earlier attempt may still be on its way, whatever this one was refused for.
      if (mayBeDone && fault.kind !== "unknown") throw unknown(asLogError(fault));
      if (fault.kind !== "unknown" || !isRepeatable) throw fault;
      await attempts.again(fault);
    }
  }
}

/** The first answers when all of it is in the log; undefined when none of it is. @throws sequence_reused */
function repeatedAnswer(decided: readonly Omit<Prepared, "payload">[]): readonly Appended[] | undefined {
  if (!decided.some(isRepeated)) return undefined;
  if (isMixed(decided)) {
    throw new LogError("sequence_reused", "A part of this transaction is in the log already, another is not: it is no retry.");
  }
  return decided.map(({ head, draft: { decided: own } }) => ({ seq: own.decision.duplicateSeq ?? head.seq, parts: own.decision.answer }));
}

function isRepeated({ draft }: Omit<Prepared, "payload">): boolean {
  return draft.decided.decision.duplicateSeq !== undefined;
}

function isMixed(decided: readonly Omit<Prepared, "payload">[]): boolean {
  const repeated = decided.filter(isRepeated);
  return repeated.length > 0 && (repeated.length < decided.length || repeated.some(({ draft }) => draft.decided.decision.parts.length > 0));
}

function checkTransaction(appends: readonly ShardAppend[], writes: number): void {
  const count = appends.length + writes;
  if (count === 0) throw new LogError("invalid_request", "A transaction needs at least one append or write.");
  if (count > limits.transactWritesMax) {
    throw new LogError("request_too_large", `A transaction has at most ${limits.transactWritesMax} appends and writes, not ${count}.`);
  }
  if (new Set(appends.map(({ shard }) => shardName(shard))).size < appends.length) {
    throw new LogError("invalid_request", "A transaction appends to a shard at most once.");
  }
}
