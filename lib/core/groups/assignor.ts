/** Who shall have which partitions. Members and topics by name; nothing here has an effect. */

export interface AssignableMember {
  readonly id: string;
  readonly topics: ReadonlySet<string>;
}

/** By topic, the member of each partition; undefined for none. */
export type Owners = ReadonlyMap<string, readonly (string | undefined)[]>;

export const assignors = ["cooperative-sticky", "range"] as const;
export type AssignorName = (typeof assignors)[number];

/**
 * @param partitions how many each topic has
 * @param before who has them, or is to have them
 */
export function assign(
  assignor: AssignorName,
  members: readonly AssignableMember[],
  partitions: ReadonlyMap<string, number>,
  before: Owners,
): Owners {
  return assignor === "range" ? assignRanges(members, partitions) : assignSticky(members, partitions, before);
}

/** Kafka's RangeAssignor: of each topic, neighbouring partitions for each member, the first ones one more where it does not come out even. */
function assignRanges(members: readonly AssignableMember[], partitions: ReadonlyMap<string, number>): Owners {
  const owners = new Map<string, readonly (string | undefined)[]>();
  for (const [topic, count] of partitions) {
    const ids = members
      .filter(({ topics }) => topics.has(topic))
      .map(({ id }) => id)
      .sort();
    const ends = ids.map((_, nth) => Math.floor(count / ids.length) * (nth + 1) + Math.min(nth + 1, count % ids.length));
    owners.set(
      topic,
      Array.from({ length: count }, (_, partition) => ids[ends.findIndex((end) => partition < end)]),
    );
  }
  return owners;
}

/**
 * Everyone keeps what they have as far as it stays even: no member has two more than another who could have one of them. So of a member that
 * leaves, only its own partitions move, and one that comes takes as many as make it even.
 */
function assignSticky(members: readonly AssignableMember[], partitions: ReadonlyMap<string, number>, before: Owners): Owners {
  const shares = new Shares(members);
  const free: Place[] = [];
  for (const [topic, count] of [...partitions].sort(byName)) {
    for (let partition = 0; partition < count; partition++) {
      const owner = before.get(topic)?.[partition];
      if (!shares.give({ topic, partition }, owner)) free.push({ topic, partition });
    }
  }
  // Those with the fewest takers first, or they find their takers full.
  free.sort((a, b) => shares.takers(a.topic).length - shares.takers(b.topic).length);
  for (const place of free) shares.give(place, shares.least(place.topic));
  shares.even();
  return new Map([...partitions].map(([topic, count]) => [topic, shares.ownersOf(topic, count)]));
}

interface Place {
  readonly topic: string;
  readonly partition: number;
}

class Shares {
  readonly #members: readonly AssignableMember[];
  /** By member, its partitions by topic. */
  readonly #places = new Map<string, Place[]>();
  readonly #takers = new Map<string, readonly string[]>();

  constructor(members: readonly AssignableMember[]) {
    this.#members = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const { id } of this.#members) this.#places.set(id, []);
  }

  /** Who could have a topic's partitions, by name. */
  takers(topic: string): readonly string[] {
    const known = this.#takers.get(topic) ?? this.#members.filter(({ topics }) => topics.has(topic)).map(({ id }) => id);
    this.#takers.set(topic, known);
    return known;
  }

  /** @returns false when that one is not there, or does not want it */
  give(place: Place, member: string | undefined): boolean {
    const places = member === undefined ? undefined : this.#places.get(member);
    if (member === undefined || places === undefined || !this.takers(place.topic).includes(member)) return false;
    places.push(place);
    return true;
  }

  /** The one with the fewest partitions that could have one of a topic. */
  least(topic: string): string | undefined {
    let found: string | undefined;
    for (const id of this.takers(topic)) if (found === undefined || this.#count(id) < this.#count(found)) found = id;
    return found;
  }

  /** Moves one after the other from who has the most, until no move would make it more even. */
  even(): void {
    for (;;) {
      const byCount = [...this.#places].sort(([, a], [, b]) => b.length - a.length);
      const isMoved = byCount.some(([id, places]) => this.#moveOne(id, places));
      if (!isMoved) return;
    }
  }

  ownersOf(topic: string, count: number): readonly (string | undefined)[] {
    const owners = Array.from<string | undefined>({ length: count });
    for (const [id, places] of this.#places) for (const place of places) if (place.topic === topic) owners[place.partition] = id;
    return owners;
  }

  #moveOne(id: string, places: Place[]): boolean {
    let [at, to] = [-1, ""];
    const leasts = new Map<string, string | undefined>();
    for (const [nth, { topic }] of places.entries()) {
      const taker = leasts.has(topic) ? leasts.get(topic) : this.least(topic);
      leasts.set(topic, taker);
      if (taker === undefined || taker === id || this.#count(taker) + 1 >= places.length) continue;
      if (at >= 0 && this.#count(taker) > this.#count(to)) continue;
      [at, to] = [nth, taker];
    }
    const [place] = at < 0 ? [] : places.splice(at, 1);
    return place !== undefined && this.give(place, to);
  }

  #count(id: string): number {
    return this.#places.get(id)?.length ?? 0;
  }
}

function byName([a]: readonly [string, number], [b]: readonly [string, number]): number {
  return a < b ? -1 : 1;
}
