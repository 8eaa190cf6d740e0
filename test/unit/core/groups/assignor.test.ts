import assert from "node:assert/strict";
import { test } from "node:test";
import { assign, type AssignableMember, type Owners } from "../../../../lib/core/groups/assignor.ts";
import { Prng } from "../../../../lib/testing/sim/prng.ts";

const members = (count: number, topics: readonly string[]): readonly AssignableMember[] =>
  Array.from({ length: count }, (_, nth) => ({ id: `m${nth}`, topics: new Set(topics) }));

function counts(owners: Owners): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const owner of [...owners.values()].flat()) if (owner !== undefined) found.set(owner, (found.get(owner) ?? 0) + 1);
  return found;
}

test("when one of 8 members leaves, every other partition stays where it is, and when it comes back only its share moves", () => {
  const partitions = new Map([["t", 32]]);
  const all = members(8, ["t"]);
  const before = assign("cooperative-sticky", all, partitions, new Map());
  assert.deepEqual(
    [...counts(before).values()],
    Array.from({ length: 8 }, () => 4),
  );
  const after = assign("cooperative-sticky", all.slice(1), partitions, before);
  const moved = (was: Owners, now: Owners) => (was.get("t") ?? []).filter((owner, nth) => owner !== now.get("t")?.[nth]);
  assert.deepEqual(moved(before, after), ["m0", "m0", "m0", "m0"]);
  assert.equal(moved(after, assign("cooperative-sticky", all, partitions, after)).length, 4);
});

test("whoever comes, goes and reads what: all is given to one who wants it, as even as can be, and no more moves than that takes", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const prng = new Prng(seed);
    const names = ["a", "b", "c"].slice(0, prng.between(1, 3));
    const partitions = new Map(names.map((name) => [name, prng.between(1, 12)]));
    let before: Owners = new Map();
    for (let step = 0; step < 6; step++) {
      const present = Array.from({ length: prng.between(0, 6) }, (_, nth) => ({
        id: `m${nth}`,
        topics: new Set(names.filter(() => prng.chance(0.7))),
      }));
      const now = assign("cooperative-sticky", present, partitions, before);
      check(present, partitions, now, `seed ${seed}, step ${step}`);
      assert.deepEqual(assign("cooperative-sticky", present, partitions, now), now, `seed ${seed}, step ${step}: at rest`);
      before = now;
    }
  }
});

function check(present: readonly AssignableMember[], partitions: ReadonlyMap<string, number>, owners: Owners, where: string): void {
  const shares = counts(owners);
  for (const [topic, count] of partitions) {
    const takers = present.filter(({ topics }) => topics.has(topic)).map(({ id }) => id);
    const own = owners.get(topic) ?? [];
    assert.equal(own.length, count, where);
    for (const owner of own) {
      if (takers.length === 0) assert.equal(owner, undefined, where);
      else assert.ok(owner !== undefined && takers.includes(owner), `${where}: ${topic} is given to ${owner}`);
      for (const taker of takers) {
        assert.ok(
          (shares.get(owner ?? "") ?? 0) <= (shares.get(taker) ?? 0) + 1,
          `${where}: ${owner} has two more than ${taker}, who could have one of ${topic}`,
        );
      }
    }
  }
}

test("ranges are neighbours, topic by topic, the first members one more", () => {
  const owners = assign(
    "range",
    members(3, ["t", "u"]),
    new Map([
      ["t", 5],
      ["u", 2],
    ]),
    new Map(),
  );
  assert.deepEqual(owners.get("t"), ["m0", "m0", "m1", "m1", "m2"]);
  assert.deepEqual(owners.get("u"), ["m0", "m1"]);
  assert.deepEqual(assign("range", [], new Map([["t", 2]]), new Map()).get("t"), [undefined, undefined]);
});

test("1,000 members and 10,000 partitions take less than two seconds", () => {
  const started = performance.now();
  const all = members(1_000, ["t"]);
  const partitions = new Map([["t", 10_000]]);
  const before = assign("cooperative-sticky", all, partitions, new Map());
  const after = assign("cooperative-sticky", all.slice(1), partitions, before);
  assert.ok(Math.max(...counts(after).values()) <= 11);
  assert.ok(performance.now() - started < 2_000, `${performance.now() - started} ms`);
});
