import assert from "node:assert/strict";
import { test } from "node:test";
import { JanitorLog } from "../../../bench/chaos/janitor-log.ts";
import { nameOf, padded } from "../../../bench/chaos/padding.ts";

test("a long value is known by its name as long as it is whole", () => {
  for (const chars of [0, 1, 50, 10_000]) assert.equal(nameOf(padded("p1-2-3", chars)), "p1-2-3");
  const value = padded("p1-2-3", 9_000);
  const [cut, changed] = [value.slice(0, -1), `${value.slice(0, -1)}#`];
  const foreign = value.slice(0, 4_000) + padded("p1-2-4", 9_000).slice(4_000);
  for (const damaged of [cut, changed, foreign]) assert.notEqual(nameOf(damaged), "p1-2-3");
});

test("what a janitor did is summed up; what else a server says is a fault", () => {
  const log = new JanitorLog();
  const round = { level: "info", event: "janitor", seals: 2, merges: 1, expired: 3, deleted: 4, failures: 0 };
  log.read(JSON.stringify(round));
  log.read(JSON.stringify({ ...round, failures: 5 }));
  assert.deepEqual(log.counts, { seals: 4, merges: 2, expired: 6, deleted: 8, failures: 5 });
  assert.equal(log.faults, 0);
  log.read(JSON.stringify({ level: "error", event: "fault", code: "internal" }));
  log.read("    at a line of a stack");
  assert.equal(log.faults, 2);
});
