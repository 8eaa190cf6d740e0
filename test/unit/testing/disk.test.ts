import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Disk } from "../../../lib/engines/local/disk.ts";
import { SimDisk } from "../../../lib/testing/sim/disk.ts";
import { Life } from "../../../lib/testing/sim/life.ts";
import { Prng } from "../../../lib/testing/sim/prng.ts";
import { Scheduler } from "../../../lib/testing/sim/scheduler.ts";

function machine(seed: number) {
  const scheduler = new Scheduler();
  const disk = new SimDisk(
    "/data",
    new Prng(seed),
    () => scheduler.nowMs,
    () => undefined,
  );
  const boot = (): { life: Life; fs: Disk } => {
    const life = new Life("l", scheduler);
    return { life, fs: disk.forLife(life) };
  };
  const run = async <T>(work: Promise<T>): Promise<T> => {
    let isDone = false;
    const done = (): void => {
      isDone = true;
    };
    work.then(done, done);
    await scheduler.runUntil(() => isDone, 10_000);
    return await work;
  };
  return { disk, boot, run };
}

const bytes = (text: string) => new TextEncoder().encode(text);

async function textOf(fs: Disk, path: string): Promise<string> {
  const file = await fs.open(path, "read");
  const into = new Uint8Array((await file.info()).size);
  await file.read(into, 0);
  return new TextDecoder().decode(into);
}

describe("the simulated disk", () => {
  it("keeps what was written when a process dies, and only what was synced for sure when the power fails", async () => {
    const outcomes = new Set<string>();
    for (let seed = 1; seed <= 60; seed++) {
      const { disk, boot, run } = machine(seed);
      const { life, fs } = boot();
      await run(
        (async () => {
          const file = await fs.open("/data/a", "create");
          await file.write([bytes("syn"), bytes("ced")], 0);
          await file.sync();
          await fs.syncFolder("/data");
          await file.write([bytes("SYNCED, not")], 0);
          await (await fs.open("/data/b", "create")).write([bytes("new")], 0);
        })(),
      );
      life.end();
      disk.processDied();
      const second = boot();
      assert.equal(await run(textOf(second.fs, "/data/a")), "SYNCED, not");
      assert.equal(await run(textOf(second.fs, "/data/b")), "new");
      second.life.end();
      disk.losePower();
      const { fs: third } = boot();
      const names = (await run(third.list("/data"))).map(({ name }) => name).sort();
      outcomes.add(`${await run(textOf(third, "/data/a"))} ${names.join()}`);
    }
    assert.deepEqual([...outcomes].sort(), ["SYNCED, not a", "SYNCED, not a,b", "synced a", "synced a,b"]);
  });

  it("tears a write of several sectors anywhere", async () => {
    const kept = new Set<number>();
    for (let seed = 1; seed <= 40; seed++) {
      const { disk, boot, run } = machine(seed);
      const { life, fs } = boot();
      await run(
        (async () => {
          const file = await fs.open("/data/a", "create");
          await fs.syncFolder("/data");
          await file.truncate(4_096);
          await file.sync();
          await file.write([new Uint8Array(4_096).fill(1)], 0);
        })(),
      );
      life.end();
      disk.losePower();
      const text = await run(textOf(boot().fs, "/data/a"));
      const sectors = Array.from({ length: 8 }, (_, i) => text.slice(i * 512, (i + 1) * 512));
      for (const sector of sectors) assert.equal(new Set(sector).size, 1);
      kept.add(sectors.filter((sector) => sector.startsWith("\u0001")).length);
    }
    assert.ok(kept.has(0) && kept.has(8) && kept.size > 3);
  });

  it("gives its lock to one life at a time, and frees it with that life", async () => {
    const { boot, run } = machine(1);
    const [first, second] = [boot(), boot()];
    await run(first.fs.lock("/data/lock"));
    await assert.rejects(run(second.fs.lock("/data/lock")), { name: "DiskLockedError" });
    first.life.end();
    const lock = await run(second.fs.lock("/data/lock"));
    await run(lock.release());
    await run(boot().fs.lock("/data/lock"));
  });

  it("loses what lies in a folder whose own name was never synced", async () => {
    const found = new Set<boolean>();
    for (let seed = 1; seed <= 30; seed++) {
      const { disk, boot, run } = machine(seed);
      const { life, fs } = boot();
      await run(
        (async () => {
          await fs.makeFolder("/data/folder");
          const file = await fs.open("/data/folder/a", "create");
          await file.sync();
          await fs.syncFolder("/data/folder");
        })(),
      );
      life.end();
      disk.losePower();
      found.add((await run(boot().fs.list("/data/folder"))).length === 1);
    }
    assert.equal(found.size, 2);
  });
});
