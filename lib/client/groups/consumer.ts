import { LogError } from "../../core/errors.ts";
import type { HeartbeatBody, MembershipBody } from "../../http/group-wire.ts";
import { backoffMs, isPassing } from "../backoff.ts";
import { checkedPosition } from "../position.ts";
import { Stalls } from "../stalls.ts";
import type { Transport } from "../transport.ts";
import type { Format, Position } from "../types.ts";
import { Commits } from "./commits.ts";
import { Alarm } from "./alarm.ts";
import { Fetches } from "./fetches.ts";
import { GroupsClient, type Membership } from "./groups.ts";
import { MissingTopics } from "./missing-topics.ts";
import {
  groupConsumerSettings,
  type GroupConsumerOptions,
  type GroupConsumerSettings,
  type GroupRecord,
  lostRecords,
  noCommittedOffset,
  type TopicPartition,
  withAutoCommit,
} from "./options.ts";
import { Outlet } from "./outlet.ts";
import { acquiredPart, heldOf, knownParts, type Part, partKey, partKeys, placeOf } from "./part.ts";
import { type OutputPlace, type OutputRecord, outputsJson, randomId } from "./transaction.ts";

type Given<F extends Format> = IteratorResult<GroupRecord<F>, undefined>;

/**
 * The records of a group's partitions that this member has, as an async iterator: each partition in order. A record counts as handled when the next one is asked for, or by
 * `commit`. What was not committed when a member ends comes again, to whoever has the partition then: each record at least once.
 */
export class GroupConsumer<F extends Format = "text"> implements AsyncIterableIterator<GroupRecord<F>, undefined> {
  readonly #transport: Transport;
  readonly #groups: GroupsClient;
  readonly #options: GroupConsumerOptions<F>;
  readonly #settings: GroupConsumerSettings<F>;
  readonly #fetches: Fetches<F>;
  readonly #commits: Commits<F>;
  readonly #stop = new AbortController();
  readonly #alarm: Alarm;
  readonly #stalls: Stalls;
  readonly #missing: MissingTopics;
  readonly #parts = new Map<string, Part<F>>();
  readonly #outlet = new Outlet<GroupRecord<F>>();
  #membership: Membership;
  #given: { readonly part: Part<F>; readonly offset: number; readonly sinceMs: number } | undefined;
  #running: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #turn = 0;
  /** Where to take up again what nothing was committed of. */
  readonly #begun = new Map<string, number>();
  /** Records that were given, and not committed, are another member's by now. */
  #hasLost = false;
  /** A step with records is on its way: until it is done, what it is of is not given back. */
  #isStepping = false;
  /** How many callbacks of the user run. */
  #calling = 0;
  #failedBeats = 0;
  /** It has left because a record took too long. */
  #isAway = false;
  #hasJoined = false;
  #beatenMs = 0;
  #committedMs = 0;

  constructor(transport: Transport, options: GroupConsumerOptions<F>) {
    this.#transport = transport;
    this.#groups = new GroupsClient(transport);
    this.#options = options;
    this.#settings = groupConsumerSettings(options);
    this.#alarm = new Alarm(transport.clock, this.#stop.signal);
    const failed = (error: LogError): void => this.#finish(error);
    this.#stalls = new Stalls(options, this.#stop.signal, failed);
    this.#missing = new MissingTopics(transport, options.topics ?? [], this.#stalls, this.#stop.signal);
    const done = (): void => {
      this.#turn = (this.#turn + 1) % Math.max(1, this.#parts.size);
      this.#give();
    };
    const begun = (part: Part<F>, offset: number): void => {
      part.beginAt(offset);
      this.#committedMs = 0;
      this.#alarm.ring();
    };
    this.#fetches = new Fetches(transport, this.#settings, this.#stop.signal, this.#stalls, { done, begun, failed });
    this.#commits = new Commits(transport, this.#settings, this.#stop.signal, this.#stalls, () => this.#membership);
    this.#membership = { member: options.memberId ?? randomId(transport, 8), session: randomId(transport, 8), generation: 0 };
    const onAbort = () => void this.close();
    options.signal?.addEventListener("abort", onAbort, { once: true });
    this.#stop.signal.addEventListener("abort", () => options.signal?.removeEventListener("abort", onAbort), { once: true });
    if (options.signal?.aborted === true) void this.close();
  }

  get memberId(): string {
    return this.#membership.member;
  }

  /** The partitions that it has now. */
  get assignment(): readonly TopicPartition[] {
    return [...this.#parts.values()].filter(({ isRevoked }) => !isRevoked).map(placeOf);
  }

  /** The next record; what was given before is handled. @throws fenced_instance_id, forbidden, corrupt_log, … once; then it is done */
  next(): Promise<Given<F>> {
    this.#handle();
    this.#running ??= this.#run();
    if (this.#isAway) this.#alarm.ring();
    const next = this.#outlet.next();
    this.#give();
    return next;
  }

  /** Ends it. The record that was given last does not count as handled. */
  async return(): Promise<Given<F>> {
    await this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Commits all that was given, the newest record too. @throws illegal_generation when a partition of it is another member's by now: those records come again there */
  async commit(): Promise<void> {
    // A callback of a rebalance runs while a record is being worked on.
    if (this.#calling === 0) this.#handle();
    await this.#commits.commit([...this.#parts.values()]);
  }

  /**
   * Commits all that was given, the newest record too, and appends records that were made of it, in one step: all of it or nothing, and once, however often it has to be
   * sent. So each record has its outputs exactly once, where every commit is one of these. Takes `enableAutoCommit: false`. Ask for the next record when it is done; who
   * gathers outputs of several records commits them in `onPartitionsRevoked` too.
   * @returns where the records are, in their order; undefined when it is done, and the places got lost with an answer
   * @throws after each error it goes on from what is committed: unless all of it was done, the records since the commit before come again, here or to who has their partition now
   */
  async commitWith(records: readonly OutputRecord[]): Promise<readonly OutputPlace[] | undefined> {
    if (this.#settings.enableAutoCommit) throw withAutoCommit();
    if (this.#calling === 0) this.#handle();
    this.#isStepping = true;
    try {
      if (this.#hasLost) throw lostRecords();
      const places = await this.#commits.commitWith([...this.#parts.values()], outputsJson(records), records.length);
      this.#hasLost = false;
      return places;
    } catch (reason) {
      // The next beat takes them up again.
      for (const { key, begins } of this.#parts.values()) if (begins >= 0) this.#begun.set(key, begins);
      await this.#lose([...this.#parts.values()]);
      this.#hasLost = false;
      throw reason;
    } finally {
      this.#isStepping = false;
      this.#alarm.ring();
    }
  }

  /** Gives no records of these until `resume`. */
  pause(partitions: readonly TopicPartition[]): void {
    for (const part of knownParts(this.#parts, partitions)) part.isPaused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const part of knownParts(this.#parts, partitions)) part.isPaused = false;
    this.#give();
  }

  /**
   * Goes on elsewhere in a partition that it has. What the group has committed there already stays committed.
   * @param place a number is an offset, as in Kafka
   * @throws invalid_request, at once
   */
  seek({ topic, partition }: TopicPartition, place: Position | number): void {
    const position = checkedPosition("place to seek", typeof place === "number" ? { offset: place } : place);
    for (const part of knownParts(this.#parts, [{ topic, partition }])) {
      part.moveTo(position);
      part.beginAt(typeof position === "object" && "offset" in position ? position.offset : undefined);
      if (this.#given?.part === part) this.#given = undefined;
    }
    this.#pump();
  }

  /** Commits what was handled, unless auto-commit is off, leaves the group and ends the iteration. */
  close(): Promise<void> {
    this.#closing ??= this.#leave();
    return this.#closing;
  }

  async #leave(): Promise<void> {
    this.#stop.abort();
    for (const part of this.#parts.values()) part.stop.abort();
    // One of its own callbacks may have asked for it.
    if (this.#calling === 0) await this.#running;
    if (this.#hasJoined && this.#outlet.error === undefined) {
      if (this.#settings.enableAutoCommit) await this.#commits.commit([...this.#parts.values()]).catch(() => undefined);
      await this.#groups.leave(this.#settings.group, this.#membership).catch(() => undefined);
    }
    this.#parts.clear();
    this.#finish();
  }

  /** Beats, takes over what it is told, commits, until it is closed. Never rejects. */
  async #run(): Promise<void> {
    const { clock } = this.#transport;
    this.#beatenMs = clock.nowMs();
    this.#committedMs = clock.nowMs();
    try {
      while (!this.#stop.signal.aborted) {
        if (await this.#isTooSlow()) continue;
        await this.#giveBack();
        const answer = await this.#beat();
        if (answer === undefined) continue;
        this.#failedBeats = 0;
        this.#stalls.over("beat");
        void this.#missing.look(answer);
        await this.#take(answer);
        if (this.#settings.enableAutoCommit && clock.nowMs() - this.#committedMs >= this.#settings.autoCommitIntervalMs) {
          await this.#commitQuietly([...this.#parts.values()]);
        }
        await this.#alarm.sleep(Math.min(answer.heartbeatIntervalMs, this.#settings.autoCommitIntervalMs));
      }
    } catch (reason) {
      if (!this.#stop.signal.aborted) this.#finish(LogError.from(reason));
    }
  }

  /** One beat. @returns undefined when there is no answer, and another one is to be tried */
  async #beat(): Promise<MembershipBody | undefined> {
    const { group, sessionTimeoutMs, assignor } = this.#settings;
    const { topics, prefix } = this.#options;
    const { member, session, generation } = this.#membership;
    const subscription = topics === undefined ? { prefix: prefix ?? "" } : { topics };
    const report = generation === 0 ? {} : { generation, held: heldOf(this.#parts.values()) };
    const beat: HeartbeatBody = { ...subscription, session, sessionTimeoutMs, assignor, ...report };
    const startedMs = this.#transport.clock.nowMs();
    this.#hasJoined = true;
    for (;;) {
      try {
        const answer = await this.#groups.beat(group, member, beat, this.#stop.signal);
        this.#beatenMs = startedMs;
        this.#membership = { member, session, generation: answer.generation };
        return answer;
      } catch (reason) {
        const error = LogError.from(reason);
        if (error.code === "unknown_member_id" && generation > 0) {
          // It was taken for gone: it joins anew.
          this.#membership = { member, session, generation: 0 };
          await this.#lose([...this.#parts.values()]);
          return undefined;
        }
        if (this.#stop.signal.aborted || !isPassing(error)) throw error;
        this.#stalls.failed("beat", error, this.#failedBeats);
        await this.#transport.clock.sleep(backoffMs(this.#failedBeats++, this.#transport.random, error), this.#stop.signal);
        // By now they may be another's.
        if (this.#transport.clock.nowMs() - this.#beatenMs < sessionTimeoutMs) continue;
        await this.#lose([...this.#parts.values()]);
        return undefined;
      }
    }
  }

  async #take(answer: MembershipBody): Promise<void> {
    if (answer.joined) await this.#lose([...this.#parts.values()]);
    const [assigned, revoked] = [new Set(partKeys(answer.assigned)), new Set(partKeys(answer.revoked))];
    const parts = [...this.#parts.values()];
    await this.#lose(parts.filter(({ key }) => !assigned.has(key) && !revoked.has(key)));
    await this.#revoke(parts.filter(({ key, isRevoked }) => revoked.has(key) && !isRevoked));
    // What it has again before it has given it back.
    for (const part of parts) if (assigned.has(part.key)) part.isRevoked = false;
    const fresh = [...assigned].filter((key) => !this.#parts.has(key));
    if (fresh.length > 0) await this.#acquire(new Set(fresh));
    this.#pump();
  }

  async #acquire(fresh: ReadonlySet<string>): Promise<void> {
    const { group, autoOffsetReset } = this.#settings;
    let found;
    try {
      found = await this.#commits.retried(() => this.#groups.acquire(group, this.#membership, this.#stop.signal), this.#stop.signal);
    } catch (reason) {
      const error = LogError.from(reason);
      if (error.code !== "unknown_member_id" && error.code !== "group_id_not_found") throw error;
      return; // It was taken for gone meanwhile: the next beat joins anew.
    }
    const parts = found.filter(({ topic, partition }) => fresh.has(partKey(topic, partition)));
    if (autoOffsetReset === "none") {
      const none = parts.find(({ offset }) => offset === null);
      if (none !== undefined) throw noCommittedOffset(group, none);
    }
    const otherwise = autoOffsetReset === "none" ? "latest" : autoOffsetReset;
    const own = parts.map((part) => acquiredPart<F>(part, this.#begun.get(partKey(part.topic, part.partition)), otherwise));
    this.#begun.clear();
    for (const part of own) this.#parts.set(part.key, part);
    await this.#tell(this.#options.onPartitionsAssigned, own);
    for (const part of own) part.isReady = true;
  }

  async #revoke(parts: readonly Part<F>[]): Promise<void> {
    for (const part of parts) {
      part.isRevoked = true;
      // Should it be given back to this member, it goes on after what was given last.
      part.moveTo(this.#given?.part === part ? { offset: this.#given.offset + 1 } : part.next);
    }
    await this.#tell(this.#options.onPartitionsRevoked, parts);
    if (parts.some((part) => this.#given?.part !== part)) this.#alarm.ring();
  }

  /** What is revoked, and of which nothing is being worked on, is not held any more. */
  async #giveBack(): Promise<void> {
    const parts = [...this.#parts.values()].filter((part) => part.isRevoked && this.#given?.part !== part);
    if (parts.length === 0 || this.#isStepping) return;
    if (this.#settings.enableAutoCommit) await this.#commitQuietly(parts);
    this.#hasLost ||= parts.some(({ isWorked }) => isWorked);
    for (const { key } of parts) this.#parts.delete(key);
  }

  async #lose(parts: readonly Part<F>[]): Promise<void> {
    for (const part of parts) {
      part.stop.abort();
      this.#parts.delete(part.key);
      this.#hasLost ||= part.isWorked || this.#given?.part === part;
      if (this.#given?.part === part) this.#given = undefined;
    }
    await this.#tell(this.#options.onPartitionsLost ?? this.#options.onPartitionsRevoked, parts);
  }

  /** Leaves while a record takes too long, until the next one is asked for. @returns whether it did */
  async #isTooSlow(): Promise<boolean> {
    const { clock } = this.#transport;
    const given = this.#given;
    if (given === undefined || clock.nowMs() - given.sinceMs < this.#settings.maxPollIntervalMs) return false;
    await this.#groups.leave(this.#settings.group, this.#membership).catch(() => undefined);
    await this.#lose([...this.#parts.values()]);
    this.#membership = { ...this.#membership, generation: 0 };
    this.#isAway = true;
    while (!this.#stop.signal.aborted && !this.#outlet.isAwaited) await this.#alarm.sleep(this.#settings.maxPollIntervalMs);
    this.#isAway = false;
    return true;
  }

  #handle(): void {
    if (this.#given === undefined) return;
    const { part, offset } = this.#given;
    part.handled = offset + 1;
    this.#given = undefined;
    if (part.isRevoked) this.#alarm.ring();
  }

  async #commitQuietly(parts: readonly Part<F>[]): Promise<void> {
    this.#committedMs = this.#transport.clock.nowMs();
    await this.#commits.commit(parts).catch((reason: unknown) => {
      const { code } = LogError.from(reason);
      // The next beat tells what is another's by now.
      if (!lostCodes.has(code) && !isPassing(LogError.from(reason))) throw reason;
    });
  }

  #pump(): void {
    this.#fetches.pump([...this.#parts.values()], this.#turn);
  }

  /** Gives what is here to those who wait, partition by partition in turns. */
  #give(): void {
    while (this.#outlet.isAwaited && !this.#stop.signal.aborted) {
      const parts = [...this.#parts.values()];
      const ready = [...parts.slice(this.#turn), ...parts.slice(0, this.#turn)].find(
        (part) => part.hasRecords && part.isReady && !part.isPaused && !part.isRevoked,
      );
      const record = ready?.shift();
      if (ready === undefined || record === undefined) break;
      this.#given = { part: ready, offset: record.offset, sinceMs: this.#transport.clock.nowMs() };
      if (!ready.hasRecords) this.#turn = (parts.indexOf(ready) + 1) % parts.length;
      this.#outlet.give({ topic: ready.topic, ...record });
    }
    this.#pump();
  }

  async #tell(callback: GroupConsumerOptions<F>["onPartitionsAssigned"], parts: readonly Part<F>[]): Promise<void> {
    if (callback === undefined || parts.length === 0) return;
    this.#calling++;
    try {
      await callback(parts.map(placeOf));
    } finally {
      this.#calling--;
    }
  }

  /** Nothing more comes. Who waits is told the error, once. */
  #finish(error?: LogError): void {
    const isLeft = this.#outlet.isEnded || error === undefined || error.code === "fenced_instance_id";
    if (!isLeft && this.#hasJoined) this.#groups.leave(this.#settings.group, this.#membership).catch(() => undefined);
    this.#stop.abort();
    this.#outlet.end(error);
  }
}

const lostCodes: ReadonlySet<string> = new Set(["illegal_generation", "unknown_member_id", "group_id_not_found"]);
