import type { Log } from "../../../lib/log/log.ts";
import { LogError } from "../../../lib/core/errors.ts";
import { type LifeParts, MemberLife } from "./member-life.ts";
import { pause } from "./pause.ts";

/** The members of the group: each has one life at most at a time. */
export class Cast {
  readonly names: readonly string[];
  readonly #parts: LifeParts;
  readonly #lives = new Map<string, MemberLife>();
  readonly #busy = new Set<string>();
  #begun = 0;

  constructor(size: number, parts: LifeParts) {
    this.names = Array.from({ length: size }, (_, nth) => `m${nth + 1}`);
    this.#parts = parts;
  }

  life(name: string): MemberLife | undefined {
    const life = this.#lives.get(name);
    return life === undefined || life.isOver ? undefined : life;
  }

  /** Who is there and meets no disaster now. */
  get calm(): readonly string[] {
    return this.names.filter((name) => !this.#busy.has(name) && this.life(name) !== undefined);
  }

  /** Begins a life of everyone who has none. */
  start(): void {
    for (const name of this.names) if (!this.#busy.has(name) && this.life(name) === undefined) this.startOne(name);
  }

  startOne(name: string): void {
    this.#parts.notes.count("lives");
    this.#lives.set(name, new MemberLife(name, ++this.#begun, this.#parts));
  }

  /** Has a member meet something, during which it meets nothing else. */
  async during(name: string, disaster: (life: MemberLife) => Promise<void>): Promise<void> {
    const life = this.life(name);
    if (life === undefined) return;
    this.#busy.add(name);
    try {
      await disaster(life);
    } finally {
      this.#busy.delete(name);
    }
  }

  /** All end, as they like to. */
  async stop(): Promise<void> {
    await Promise.all([...this.#lives.values()].map((life) => (life.isOver ? life.ended : life.leave())));
    await pause(0);
  }
}

export interface Settled {
  readonly group: string;
  readonly topic: string;
  readonly members: readonly string[];
  /** Hears who is there. */
  readonly note: (members: readonly string[]) => void;
}

/** Who has which partition once everyone named, and nobody else, has what they are to have; undefined until then. */
export async function settledOwners(log: Log, { group, topic, members, note }: Settled): Promise<ReadonlyMap<number, string> | undefined> {
  const found = await log.groups.describe(group).catch((reason: unknown) => LogError.from(reason));
  if (found instanceof LogError) return undefined;
  const there = found.members.map(({ member }) => member);
  note(there);
  if (found.state !== "Stable" || there.length !== members.length || !there.every((member) => members.includes(member))) return undefined;
  return new Map(
    found.members.flatMap(({ member, assigned }) => (assigned.get(topic) ?? []).map((partition) => [partition, member] as const)),
  );
}
