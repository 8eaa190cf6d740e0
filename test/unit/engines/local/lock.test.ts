import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { LogError } from "../../../../lib/core/errors.ts";
import { openLocalEngine } from "../../../../lib/engines/local/index.ts";
import { entryOf, namesIn, openShard, shard, tempFolder } from "./support.ts";

const script = `
  const { openLocalEngine } = await import(process.argv[1]);
  const engine = await openLocalEngine(process.argv[2]);
  const shard = { topicId: "orders", shard: 0 };
  await engine.journal.open(shard, { partitions: 1, layout: 0 });
  await engine.journal.append(shard, { parts: [{ index: 0, records: 1, maxTimestampMs: 0, batches: Buffer.from("child") }] });
  process.stdout.write("open");
  setInterval(() => {}, 1000);
`;

/** A process that has the folder open and an entry in it. */
async function holderOf(t: TestContext, folder: string): Promise<ChildProcess> {
  const module = new URL("../../../../lib/engines/local/index.ts", import.meta.url).href;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, module, folder], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

test("a second process, or a second engine here, is refused with the holder's pid and the folder", async (t) => {
  const folder = await tempFolder(t);
  const child = await holderOf(t, folder);
  const isRefusal = (pid: number | undefined) => (reason: unknown) => {
    assert.ok(reason instanceof LogError);
    assert.equal(reason.code, "unavailable");
    assert.deepEqual(reason.details, { folder, pid });
    assert.ok(reason.message.includes(`${pid}`) && reason.message.includes(folder), reason.message);
    return true;
  };
  await assert.rejects(openLocalEngine(folder), isRefusal(child.pid));
  child.kill("SIGKILL");
  await once(child, "exit");
  const engine = await openLocalEngine(folder);
  await assert.rejects(openLocalEngine(folder), isRefusal(process.pid));
  await engine.close();
});

test("after kill -9 the next process takes over at once, and finds what was acknowledged", async (t) => {
  const folder = await tempFolder(t);
  for (let round = 1; round <= 3; round++) {
    const child = await holderOf(t, folder);
    child.kill("SIGKILL");
    await once(child, "exit");
    const engine = await openLocalEngine(folder);
    assert.deepEqual(
      await namesIn(engine),
      Array.from({ length: round }, () => "child"),
    );
    await engine.close();
  }
});

test("of many that open a folder at once exactly one gets it", async (t) => {
  const folder = await tempFolder(t);
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => openLocalEngine(folder)));
  const open = tries.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  assert.equal(open.length, 1);
  const [engine] = open;
  assert.ok(engine !== undefined);
  await openShard(engine);
  await engine.journal.append(shard, entryOf("only"));
  await engine.close();
});

test("a lock that cannot say who holds it holds all the same: a full disk keeps nobody from starting", async (t) => {
  const folder = await tempFolder(t);
  await (await openLocalEngine(folder)).close();
  const db = new DatabaseSync(join(folder, "lock"));
  db.exec("CREATE TRIGGER full BEFORE INSERT ON holder BEGIN SELECT RAISE(ABORT, 'no room'); END");
  db.close();
  const engine = await openLocalEngine(folder);
  await assert.rejects(openLocalEngine(folder), { code: "unavailable" });
  await engine.close();
});
