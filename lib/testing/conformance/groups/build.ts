import type { Heartbeat, Membership } from "../../../log/groups/groups.ts";
import type { Log } from "../../../log/log.ts";
import type { Partitions } from "../../../log/groups/group-state.ts";
import { LogError } from "../../../core/errors.ts";
import type { StrataCase, StrataHarness } from "../strata/build.ts";

/** A log whose time the case sets. */
export interface GroupWorld {
  readonly log: Log;
  readonly harness: StrataHarness;
  /** Lets time go by. */
  readonly pass: (ms: number) => void;
}

export function groupCase(name: string, run: (world: GroupWorld) => Promise<void>): StrataCase {
  return {
    name,
    async run(harness) {
      let nowMs = 1_700_000_000_000;
      const { log } = await harness.openTuned({}, () => nowMs);
      try {
        await run({ log, harness, pass: (ms) => (nowMs += ms) });
      } finally {
        await log.close();
      }
    },
  };
}

/** A member as it would run: it works on what it is told it has, and says so with each beat. */
export class Consumer {
  readonly #log: Log;
  readonly #group: string;
  readonly #options: Omit<Heartbeat, "generation" | "held">;
  readonly member: string;
  last: Membership | undefined;

  constructor(log: Log, member: string, options: Partial<Heartbeat> = {}, group = "g") {
    this.#log = log;
    this.#group = group;
    this.member = member;
    this.#options = { subscription: { topics: ["t"] }, session: `${member}-1`, ...options };
  }

  /** Beats and takes over what it is answered. @param held what it says that it works on; default what it was last assigned */
  async beat(held?: Partitions): Promise<string> {
    const own = held ?? this.last?.assigned;
    const report = this.last === undefined ? {} : { generation: this.last.generation, ...(own !== undefined && { held: own }) };
    try {
      this.last = await this.#log.groups.heartbeat(this.#group, this.member, { ...this.#options, ...report });
    } catch (reason) {
      if (this.last === undefined || LogError.from(reason).code !== "unknown_member_id") throw reason;
      this.last = undefined;
      return await this.beat();
    }
    return shown(this.last.assigned);
  }

  get identity() {
    return { member: this.member, session: this.#options.session, generation: this.last?.generation ?? 0 };
  }

  commit(partition: number, offset: number, topic = "t"): Promise<void> {
    return this.#log.groups.commit(this.#group, this.identity, [{ topic, partition, offset }]);
  }

  /** Where it is to go on, as `topic/partition@offset`. */
  async acquire(): Promise<string> {
    const found = await this.#log.groups.acquire(this.#group, this.identity);
    return found.map(({ topic, partition, offset }) => `${topic}/${partition}@${offset ?? "-"}`).join(" ");
  }

  leave(): Promise<void> {
    return this.#log.groups.leave(this.#group, this.member, this.#options.session);
  }
}

export function shown(partitions: Partitions): string {
  return [...partitions].map(([topic, numbers]) => `${topic}:${numbers.join()}`).join(" ");
}

/** The code of what a promise is refused with; "" when it is not. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await errorOf(promise))?.code ?? "";
}

/** What a promise is refused with; undefined when it is not. */
export async function errorOf(promise: Promise<unknown>): Promise<LogError | undefined> {
  return await promise.then(
    () => undefined,
    (reason: unknown) => LogError.from(reason),
  );
}
