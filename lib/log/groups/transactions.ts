import { isConflict, LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Random } from "../../ports/random.ts";
import { hex } from "../hex.ts";
import type { Log, OutputPlace, OutputRecord } from "../log.ts";
import { appendOutputs, type OutputServices } from "../outputs.ts";
import { checkCommits, checkGroupId, checkTransactionId } from "./check-group.ts";
import { busy, notAhead, uncertain, usedBefore } from "./group-errors.ts";
import type { MemberIdentity, OffsetCommit } from "./groups.ts";
import { type GroupServices, Members } from "./members.ts";
import type { OffsetRow } from "./offset-row.ts";
import { Offsets, type PlannedCommit } from "./offsets.ts";

type Rows = readonly (OffsetRow | undefined)[];

/** Offset commits with outputs: `Log.commitWith`. */
export function transactions(services: GroupServices & OutputServices, random: Random): Log["commitWith"] {
  const offsetRows = new Offsets(services, new Members(services));
  return async (group, member, offsets, outputs, id = hex(random.bytes(16))) => {
    checkGroupId(group);
    checkCommits(offsets);
    checkTransactionId(id);
    return await new Transaction(services, offsetRows, { group, member, offsets, outputs, id }).run();
  };
}

interface TransactionParts {
  readonly group: string;
  readonly member: MemberIdentity;
  readonly offsets: readonly OffsetCommit[];
  readonly outputs: readonly OutputRecord[];
  readonly id: string;
}

/**
 * One transaction, until it is known what has become of it. Each offset's row names the transaction that has committed it, and an attempt holds only while the rows have
 * the versions that it was decided on: of all attempts under the same versions one at most is ever done, and the rows tell which.
 */
class Transaction {
  readonly #services: OutputServices;
  readonly #offsetRows: Offsets;
  readonly #parts: TransactionParts;
  /** An attempt without a clear answer: it may be done, or be done yet. */
  #open: { readonly plan: readonly PlannedCommit[]; readonly reason: LogError } | undefined;

  constructor(services: OutputServices, offsetRows: Offsets, parts: TransactionParts) {
    this.#services = services;
    this.#offsetRows = offsetRows;
    this.#parts = parts;
  }

  async run(): Promise<readonly OutputPlace[] | undefined> {
    const { group, outputs } = this.#parts;
    let sends = 0;
    for (let attempt = 1; ; attempt++) {
      const plan = await this.#decide().catch((reason: unknown) => {
        throw this.#told(LogError.from(reason));
      });
      if (plan === undefined) return undefined;
      if (this.#open !== undefined && sends >= limits.transactionSendsMax) throw this.#told(this.#open.reason);
      if (attempt > limits.redecisionsMax) throw this.#told(busy(group));
      try {
        const writes = plan.map(({ write }) => write);
        return await appendOutputs(this.#services, outputs, writes);
      } catch (reason) {
        const error = LogError.from(reason);
        if (error.outcome === "unknown") {
          this.#open = { plan, reason: error };
          sends++;
        } else if (!isConflict(error)) throw this.#told(error);
      }
    }
  }

  /** @returns undefined when it is done already */
  async #decide(): Promise<readonly PlannedCommit[] | undefined> {
    const { group, member, offsets, outputs, id } = this.#parts;
    const rows = await this.#offsetRows.rows(group, offsets);
    if (isDone(rows, offsets, id)) return undefined;
    if (this.#open !== undefined && isMissed(this.#open.plan, rows)) this.#open = undefined;
    const plan = await this.#offsetRows.planned(group, member, offsets, { transaction: id, rows });
    if (outputs.length > 0 && plan.every(({ before, offset }) => offset <= before.offset)) throw notAhead(group);
    return plan;
  }

  /** The error as it is to be told: after an attempt that is still open, as one of an unknown outcome. */
  #told(error: LogError): LogError {
    return this.#open === undefined ? error : uncertain(this.#parts.id, error);
  }
}

/** One row tells of all, as they are written in one step. @throws invalid_request when the id was another transaction's */
function isDone(rows: Rows, offsets: readonly OffsetCommit[], id: string): boolean {
  let isFound = false;
  for (const [at, row] of rows.entries()) {
    if (row?.transaction !== id) continue;
    if (row.offset !== offsets[at]?.offset) throw usedBefore(id);
    isFound = true;
  }
  return isFound;
}

/** Whether an attempt was not done and can never be: the version that it would have made of some row was made by another write. */
function isMissed(plan: readonly PlannedCommit[], rows: Rows): boolean {
  return plan.some(({ before }, at) => rows[at]?.version === before.version + 1);
}
