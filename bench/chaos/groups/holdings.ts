import type { Membership } from "../../../lib/log/groups/groups.ts";

/** A partition that a member works on. */
export interface Holding {
  /** Of the answer in which it first appeared as this member's own. */
  readonly generation: number;
  /** The next record; undefined until it is known where to go on. */
  position: number | undefined;
  committed: number;
  /** To be given back, once what was done is committed. */
  isLeaving: boolean;
}

/** Whether more is done than committed. */
export function isAhead({ position = 0, committed }: Holding): boolean {
  return position > committed;
}

/** What a member believes that it has of one topic. */
export class Holdings {
  readonly #topic: string;
  readonly #held = new Map<number, Holding>();

  constructor(topic: string) {
    this.#topic = topic;
  }

  get(partition: number): Holding | undefined {
    return this.#held.get(partition);
  }

  entries(): readonly (readonly [partition: number, holding: Holding])[] {
    return [...this.#held];
  }

  /** As a beat says it. */
  get reported(): ReadonlyMap<string, readonly number[]> {
    return new Map([[this.#topic, [...this.#held.keys()]]]);
  }

  /** Whether it has some and does not know where to go on. */
  get isAnyNew(): boolean {
    return [...this.#held.values()].some(({ position, isLeaving }) => position === undefined && !isLeaving);
  }

  get generations(): ReadonlyMap<number, number> {
    return new Map([...this.#held].map(([partition, { generation }]) => [partition, generation]));
  }

  /** What another one has had is dropped at once, what is asked back is left, what is new is begun. */
  take({ generation, joined, assigned, revoked }: Membership): void {
    if (joined) this.#held.clear();
    const own = new Set(assigned.get(this.#topic) ?? []);
    const asked = new Set(revoked.get(this.#topic) ?? []);
    for (const [partition, holding] of this.#held) {
      if (own.has(partition)) holding.isLeaving = false;
      else if (asked.has(partition)) holding.isLeaving = true;
      else this.#held.delete(partition);
    }
    for (const partition of own) {
      if (!this.#held.has(partition)) this.#held.set(partition, { generation, position: undefined, committed: 0, isLeaving: false });
    }
  }

  leaveAll(): void {
    for (const holding of this.#held.values()) holding.isLeaving = true;
  }

  giveBack(partition: number): void {
    if (this.#held.get(partition)?.isLeaving === true) this.#held.delete(partition);
  }
}
