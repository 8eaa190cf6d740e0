import { decodeBatches } from "../../../lib/core/codec/record-batch.ts";
import { LogError } from "../../../lib/core/errors.ts";
import type { StoredRecord } from "../../../lib/core/record.ts";
import type { AssignorName } from "../../../lib/core/groups/assignor.ts";
import type { OffsetCommit } from "../../../lib/log/groups/groups.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { type Holding, Holdings, isAhead } from "./holdings.ts";
import type { Network } from "./network.ts";
import type { Death, Notes } from "./notes.ts";
import { pause } from "./pause.ts";

/** What a member does otherwise than it should: the judge has to notice. */
export interface Manners {
  readonly assignor?: AssignorName;
  /** Commits what it has fetched, and processes it then. */
  readonly commitsEarly?: boolean;
  /** Says that it does not hold what it is to give back, and goes on with it. */
  readonly keepsRevoked?: boolean;
}

export interface LifeParts {
  readonly network: Network;
  readonly notes: Notes;
  readonly group: string;
  readonly topic: string;
  readonly sessionTimeoutMs: number;
  /** Between looks when there is nothing to read. */
  readonly idleMs: number;
  readonly manners: Manners;
}

const fetchRecords = 20;
const commitEveryMs = 250;
const retryMs = 150;
/** Processing takes so long for so many records. */
const work = { records: 5, ms: 3 } as const;
/** One that was frozen may go on with its work before it beats again. */
const beatAfterThawMs = 1_500;
const keptRevokedMs = 3_000;
const text = new TextDecoder();

/** One life of a member, from its first beat until it leaves, dies or is replaced. */
export class MemberLife {
  readonly id: string;
  readonly member: string;
  readonly #parts: LifeParts;
  readonly #holdings: Holdings;
  #generation = 0;
  #lastBeatMs = performance.now();
  #lastCommitMs = 0;
  #thaw = Promise.resolve();
  #isOver = false;
  #isLeaving = false;
  #wake: () => void = () => undefined;
  readonly ended: Promise<void>;

  constructor(member: string, nth: number, parts: LifeParts) {
    this.member = member;
    this.id = `${member}#${nth}`;
    this.#parts = parts;
    this.#holdings = new Holdings(parts.topic);
    this.ended = Promise.all([this.#beats(), this.#works()]).then(() => undefined);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Stops where it is and tells nobody. */
  crash(): Death {
    this.#isOver = true;
    this.#wake();
    return this.#silent();
  }

  /** Does nothing for a time, and knows nothing of it. */
  freeze(ms: number): Death {
    this.#thaw = pause(ms);
    return this.#silent();
  }

  /** Commits, gives all back and goes. */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    await this.ended;
  }

  #silent(): Death {
    const [lastBeatMs, silentMs] = [this.#lastBeatMs, performance.now()];
    return { life: this.id, lastBeatMs, silentMs, partitions: this.#holdings.generations, isAlone: false };
  }

  async #beats(): Promise<void> {
    while (!this.#isOver) {
      const waitMs = await this.#beat();
      await this.#sleep(waitMs);
      const thaw = this.#thaw;
      await thaw;
      if (thaw !== this.#settled) {
        this.#settled = thaw;
        await pause(Math.random() * beatAfterThawMs);
      }
    }
  }

  /** The thaw that beats have seen already. */
  #settled = this.#thaw;

  /** @returns how long to wait for the next one */
  async #beat(): Promise<number> {
    const { network, notes, group, topic, sessionTimeoutMs, manners } = this.#parts;
    const isJoin = this.#generation === 0;
    const beat = {
      subscription: { topics: [topic] },
      session: this.id,
      sessionTimeoutMs,
      ...(manners.assignor !== undefined && { assignor: manners.assignor }),
      ...(!isJoin && { generation: this.#generation, held: this.#holdings.reported }),
    };
    const sentMs = performance.now();
    this.#lastBeatMs = sentMs;
    try {
      const answer = await network.call((log) => log.groups.heartbeat(group, this.member, beat), { isOnce: isJoin });
      notes.beats.push({ life: this.id, sentMs, answeredMs: performance.now() });
      await this.#thaw;
      if (this.#isOver) return 0;
      if (answer.generation < this.#generation)
        notes.problems.push(`${this.id} was told of ${answer.generation} after ${this.#generation}`);
      this.#holdings.take(answer);
      this.#generation = answer.generation;
      return answer.heartbeatIntervalMs;
    } catch (reason) {
      this.#refused(reason);
      return retryMs;
    }
  }

  async #works(): Promise<void> {
    for (let thaw = this.#thaw; !(await this.#isGone()); ) {
      if (thaw !== this.#thaw) {
        thaw = this.#thaw;
        await this.#commit(({ position }) => position !== undefined);
      }
      await this.#giveBack();
      if (this.#isLeaving && this.#generation > 0) {
        await this.#go();
        return;
      }
      if (this.#holdings.isAnyNew && !(await this.#acquire())) continue;
      let processed = 0;
      for (const [partition, holding] of this.#holdings.entries()) processed += await this.#process(partition, holding);
      if (performance.now() - this.#lastCommitMs > commitEveryMs) await this.#commit(isAhead);
      if (processed === 0) await pause(this.#parts.idleMs);
    }
  }

  /** Asks where to go on with what is new. @returns whether it knows */
  async #acquire(): Promise<boolean> {
    const { network, group, topic } = this.#parts;
    const asked = new Map(this.#holdings.entries());
    const identity = { member: this.member, session: this.id, generation: this.#generation };
    try {
      const found = await network.call((log) => log.groups.acquire(group, identity));
      for (const { partition, offset = 0 } of found.filter((each) => each.topic === topic)) {
        const holding = this.#holdings.get(partition);
        // What it has lost and got back while it asked, it has to ask for again.
        if (holding === undefined || holding !== asked.get(partition) || holding.position !== undefined) continue;
        holding.position = offset;
        holding.committed = offset;
      }
    } catch (reason) {
      this.#refused(reason);
    }
    if (this.#holdings.isAnyNew) await pause(retryMs);
    return !this.#holdings.isAnyNew;
  }

  /** @returns how many records */
  async #process(partition: number, holding: Holding): Promise<number> {
    const { network, topic, manners } = this.#parts;
    const from = holding.position;
    if (from === undefined || holding.isLeaving) return 0;
    try {
      const page = await network.call((log) => log.fetch(topic, partition, { from, recordsMax: fetchRecords }));
      const records = decodeBatches(page.batches, nodeCompression).filter(({ offset }) => offset >= from);
      const last = records.at(-1);
      if (manners.commitsEarly === true && last !== undefined) await this.#send([{ topic, partition, offset: last.offset + 1 }]);
      for (const [nth, record] of records.entries()) {
        if (nth % work.records === 0) await pause(work.ms);
        if ((await this.#isGone()) || this.#holdings.get(partition) !== holding || holding.isLeaving) return nth;
        this.#note(partition, holding, record);
      }
      return records.length;
    } catch (reason) {
      this.#refused(reason);
      return 0;
    }
  }

  /** Processes a record. */
  #note(partition: number, holding: Holding, { offset, value }: StoredRecord): void {
    const note = { life: this.id, partition, generation: holding.generation, offset, value: text.decode(value ?? undefined) };
    this.#parts.notes.processed.push({ ...note, atMs: performance.now() });
    holding.position = offset + 1;
  }

  async #giveBack(): Promise<void> {
    if (this.#isLeaving) this.#holdings.leaveAll();
    const leaving = this.#holdings.entries().filter(([, holding]) => holding.isLeaving);
    if (leaving.length === 0) return;
    await this.#commit((each) => each.isLeaving && isAhead(each));
    for (const [partition, holding] of leaving) {
      this.#holdings.giveBack(partition);
      if (this.#parts.manners.keepsRevoked === true) void this.#keepOn(partition, holding);
    }
    this.#wake();
  }

  async #commit(isMeant: (holding: Holding) => boolean): Promise<void> {
    const done = this.#holdings.entries().filter(([, each]) => isMeant(each));
    this.#lastCommitMs = performance.now();
    if (done.length === 0) return;
    const { topic } = this.#parts;
    const sent = done.map(([partition, holding]) => ({ partition, holding, offset: holding.position ?? 0 }));
    if (!(await this.#send(sent.map(({ partition, offset }) => ({ topic, partition, offset }))))) return;
    for (const { holding, offset } of sent) holding.committed = offset;
  }

  /** @returns whether it was taken */
  async #send(offsets: readonly OffsetCommit[]): Promise<boolean> {
    const { network, group, notes } = this.#parts;
    const identity = { member: this.member, session: this.id, generation: this.#generation };
    try {
      await network.call((log) => log.groups.commit(group, identity, offsets));
      return true;
    } catch (reason) {
      const { code, outcome } = LogError.from(reason);
      if (outcome === "not-applied") notes.refuse(code);
      this.#refused(reason);
      return false;
    }
  }

  async #go(): Promise<void> {
    const { network, group } = this.#parts;
    this.#isOver = true;
    this.#wake();
    // An answer that is lost may be of a request that was lost: one who is gone may be told to go again.
    for (let attempt = 0; attempt < 5; attempt++) {
      try {
        await network.call((log) => log.groups.leave(group, this.member, this.id));
        return;
      } catch (reason) {
        this.#refused(reason);
        await pause(retryMs);
      }
    }
  }

  /** As nobody should: the judge has to see it. */
  async #keepOn(partition: number, holding: Holding): Promise<void> {
    const endMs = performance.now() + keptRevokedMs;
    holding.isLeaving = false;
    const { network, topic } = this.#parts;
    while (performance.now() < endMs && !this.#isOver) {
      const from = holding.position ?? 0;
      const page = await network.call((log) => log.fetch(topic, partition, { from, recordsMax: fetchRecords })).catch(() => undefined);
      for (const record of decodeBatches(page?.batches ?? new Uint8Array(), nodeCompression)) this.#note(partition, holding, record);
      await pause(this.#parts.idleMs);
    }
  }

  /** Waits while it is frozen. */
  async #isGone(): Promise<boolean> {
    await this.#thaw;
    return this.#isOver;
  }

  #refused(reason: unknown): void {
    const { notes } = this.#parts;
    const { code, message } = LogError.from(reason);
    if (code === "fenced_instance_id") {
      notes.replaced.add(this.id);
      this.#isOver = true;
    } else if (code === "illegal_generation" || code === "unknown_member_id") {
      // Taken for gone: the next beat joins anew, and its answer takes all away that it worked on.
      if (code === "unknown_member_id") this.#generation = 0;
      this.#wake();
    } else if (!expected.has(code)) notes.problems.push(`${this.id}: ${code}: ${message}`);
  }

  async #sleep(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#isOver ? 0 : ms);
      this.#wake = resolve;
    });
    clearTimeout(timer);
  }
}

/** What may come of a call that met a fault or another one's change. */
const expected: ReadonlySet<string> = new Set(["timeout", "unavailable", "conflict", "throttled"]);
