/** `stratalog check` as users run it, over a data folder with planted faults. */
import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openLocalEngine } from "../../lib/engines/local/index.ts";
import { CheckWorld, flip } from "../unit/log/check/world.ts";
import { runCommand } from "./run-command.ts";
import { startServerProcess, temporaryFolder } from "./start-server.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

before(async () => {
  folder = await temporaryFolder();
});

after(async () => {
  await folder.remove();
});

/** A log that was filled, spoilt and closed. @returns its data folder */
async function logWith(
  name: string,
  spoil: (world: CheckWorld, topic: Awaited<ReturnType<CheckWorld["fill"]>>) => Promise<void>,
  tuning = {},
): Promise<string> {
  const data = join(folder.path, name);
  const world = new CheckWorld(await openLocalEngine(data), tuning);
  await spoil(world, await world.fill());
  await world.log.close();
  return data;
}

const check = (data: string, ...more: readonly string[]) => runCommand(["check", "--data", data, ...more]);

async function linesOf(data: string, ...more: readonly string[]) {
  const { code, stdout, stderr } = await check(data, "--json", ...more);
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, lines, stderr };
}

test("a healthy log is said to be, and what was looked at", async () => {
  const data = await logWith("healthy", async () => {});
  const { code, stdout, stderr } = await check(data);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^Checked 3 topics, 6 partitions, \d segments, 3 journal entries, \d+ records \(.*\)\.\nNo fault\.\n$/);
});

test("faults are told with their places, and a repair leaves those that take a person", async () => {
  const data = await logWith("faults", async (world, topic) => {
    await world.storeSegment(topic, 3, 5);
    await world.changeObject((await world.rows(topic, 1))[0]?.key ?? "", (bytes) => flip(bytes, 80));
  });
  const { code, lines } = await linesOf(data);
  const facts = lines.map(({ type, isFault, kind, what, isRepairable }) => [type, isFault, kind, what, isRepairable]);
  assert.deepEqual(facts, [
    ["finding", true, "damaged", "segment", false],
    ["finding", true, "unreferenced", "object", true],
    ["summary", undefined, undefined, undefined, undefined],
  ]);
  assert.deepEqual([code, lines[2]?.["faults"], lines[2]?.["faultsLeft"]], [1, 2, 2]);
  const { topic, partition, offset } = lines[0]?.["where"] as Record<string, unknown>;
  assert.deepEqual([topic, partition, offset], ["sealed", 1, 0]);
  const repaired = await check(data, "--repair");
  assert.equal(repaired.code, 1);
  assert.match(
    repaired.stdout,
    /FAULT damaged segment: sealed partition 1 offset 0\n[\s\S]*FAULT unreferenced object[\s\S]*Repaired\.\n[\s\S]*2 faults, 1 repaired\.\n$/,
  );
  assert.equal((await linesOf(data)).lines.length, 2, "one is left");
});

test("a repair that mends all faults ends well", async () => {
  const data = await logWith("orphan", async (world, topic) => {
    await world.storeSegment(topic, 3, 5);
  });
  assert.equal((await check(data)).code, 1);
  assert.equal((await check(data, "--repair")).code, 0);
  assert.match((await check(data)).stdout, /No fault\.\n$/);
});

test("a byte of a journal file, read and replayed", async () => {
  const data = await logWith("journal", async () => {});
  // What is in the index is not replayed.
  await check(data);
  const journal = join(data, "journal");
  const [name = ""] = (await readdir(journal)).sort();
  const whole = await readFile(join(journal, name));
  const place = whole.lastIndexOf("waits");
  assert.ok(place > 0);
  await writeFile(join(journal, name), flip(Uint8Array.from(whole), place));
  const read = await check(data);
  assert.deepEqual([read.code, read.stderr], [1, ""]);
  assert.match(read.stdout, /FAULT damaged journal: \w+ partition \d offset \d+\n +Entry \d+ cannot be read: /);
  const early = whole.indexOf("retention.ms");
  await writeFile(join(journal, name), flip(Uint8Array.from(whole), early));
  await rm(join(data, "index.db"));
  const replayed = await linesOf(data);
  assert.equal(replayed.code, 1);
  assert.match(String(replayed.lines[0]?.["message"]), /The log cannot be opened: .*journal/);
});

test("what the janitor is going to delete is listed", async () => {
  const data = await logWith("garbage", async () => {}, { garbageGraceMs: 3_600_000 });
  const { code, stdout } = await check(data, "--garbage");
  assert.equal(code, 0);
  assert.match(stdout, /^\d{4}-\S+Z {2}sealed {2}s\/\S+ {2}\(replaced: by a merge or a compaction\)$/m);
  const { lines } = await linesOf(data, "--garbage");
  const deletions = lines.slice(0, -1);
  assert.ok(deletions.every(({ type, dueMs, keys }) => type === "deletion" && Number(dueMs) > 0 && Array.isArray(keys)));
  const objects = stdout.trimEnd().split("\n").length;
  assert.ok(deletions.length > 0 && objects > deletions.length, "several keys in one deletion");
  assert.deepEqual(lines.at(-1), { type: "summary", deletions: deletions.length, objects });
});

test("that the janitor is going to delete nothing is said", async () => {
  const data = join(folder.path, "no-garbage");
  const world = new CheckWorld(await openLocalEngine(data));
  await world.log.topics.create({ name: "new" });
  await world.log.close();
  assert.deepEqual(await check(data, "--garbage"), { code: 0, stdout: "", stderr: "The janitor is going to delete nothing.\n" });
  const { code, lines, stderr } = await linesOf(data, "--garbage");
  assert.deepEqual({ code, lines, stderr }, { code: 0, lines: [{ type: "summary", deletions: 0, objects: 0 }], stderr: "" });
});

test("what cannot be checked is 2: no log there, a log that is open, a log that is nowhere", async () => {
  const none = await check(join(folder.path, "none"));
  assert.equal(none.code, 2);
  assert.match(none.stderr, /There is no log in .*none: .*\(not_found\)/);
  assert.equal((await readdir(folder.path)).includes("none"), false, "and none was made");
  const server = await startServerProcess({ data: join(folder.path, "open") });
  try {
    const open = await check(join(folder.path, "open"));
    assert.equal(open.code, 2);
    assert.match(open.stderr, /Process \d+ has the data folder .* open\. Stop it first/);
  } finally {
    await server.stop();
  }
  for (const args of [
    ["--engine", "memory"],
    ["--engine", "aws"],
    ["--garbage", "--repair"],
  ])
    assert.equal((await runCommand(["check", ...args])).code, 2);
});
