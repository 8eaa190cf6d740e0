import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { limits } from "../../../../lib/core/limits.ts";
import { findEntries } from "../../../../lib/engines/local/entry-lookup.ts";
import { openIndexDatabase } from "../../../../lib/engines/local/index-schema.ts";
import type { JournalOp } from "../../../../lib/engines/local/journal-op.ts";
import { LocalState } from "../../../../lib/engines/local/local-state.ts";
import { shard, tempFolder } from "./support.ts";

const groupOps = 256;

test("an index that cannot grow loses nothing: it is caught up when it can, and only a long backlog refuses appends", async (t) => {
  const db = openIndexDatabase(join(await tempFolder(t), "index.db"), 1n);
  assert.ok(db !== undefined);
  t.after(() => {
    if (db.isOpen) db.close();
  });
  const state = new LocalState(db, { unindexedOpsMax: 20_000 });
  state.apply([{ kind: "open", shard, partitions: 1, layout: 0 }], 0, 100);
  let seq = 0;
  const appendGroup = (): void => {
    const ops = Array.from({ length: groupOps }, (): JournalOp => {
      const part = { index: 0, records: 1, baseOffset: seq, maxTimestampMs: seq, bytes: 10, checksum: seq };
      return { kind: "append", shard, seq: seq++, parts: [part], producers: [] };
    });
    state.apply(ops, state.position, state.position + groupOps * 10);
  };
  const check = (): void => {
    const durable = state.shard(shard);
    assert.ok(durable !== undefined);
    for (const at of [0, 1, 999, 5_000, seq - 1].filter((one) => one < seq)) {
      for (const place of [{ seq: at }, { index: 0, offset: at }, { index: 0, timestampMs: at }]) {
        const [entry] = findEntries(state.index, durable, place, 1);
        assert.deepEqual([entry?.seq, entry?.parts[0]?.checksum], [at, at], JSON.stringify(place));
      }
    }
  };
  for (let group = 0; group < 100; group++) appendGroup();
  const pages = db.prepare("PRAGMA page_count").get()?.["page_count"];
  db.exec(`PRAGMA max_page_count = ${String(pages)}`);
  while (seq < limits.localUnindexedOpsRefuse) {
    state.checkRoom();
    appendGroup();
  }
  check();
  for (let group = 0; group < 120; group++) appendGroup();
  assert.throws(() => state.checkRoom(), { code: "storage_full", outcome: "not-applied" });
  check();
  db.exec("PRAGMA max_page_count = 1000000");
  for (let tries = 0; ; tries++) {
    try {
      state.checkRoom();
      break;
    } catch (reason) {
      if (tries === 100) throw reason;
    }
  }
  appendGroup();
  check();
  state.flush();
  check();
  assert.equal(state.index.meta().applied, state.position);
});

test("what a producer did in older epochs is forgotten in bounded steps, and its newest epoch is kept", async (t) => {
  const db = openIndexDatabase(join(await tempFolder(t), "index.db"), 1n);
  assert.ok(db !== undefined);
  t.after(() => db.close());
  const state = new LocalState(db, { unindexedOpsMax: 1 });
  state.apply([{ kind: "open", shard, partitions: 1, layout: 0 }], 0, 100);
  const old = 5_000;
  for (let seq = 0; seq < old + 4; seq++) {
    const part = { index: 0, records: 1, baseOffset: seq, maxTimestampMs: seq, bytes: 10, checksum: seq };
    const producer = { producerId: 7n, epoch: seq < old ? 0 : 1, index: null, sequence: seq, count: 1, crc: seq, layout: 0 };
    state.apply([{ kind: "append", shard, seq, parts: [part], producers: [producer] }], state.position, state.position + 10);
    if (seq !== old) continue;
    state.flush();
    const left = Number(db.prepare("SELECT count(*) AS n FROM steps WHERE epoch = 0").get()?.["n"]);
    assert.ok(left > 0 && left < old, `${left} are left after the first flush`);
  }
  state.flush();
  const durable = state.shard(shard);
  assert.ok(durable !== undefined);
  assert.deepEqual(
    db
      .prepare("SELECT epoch, count(*) AS n FROM steps GROUP BY epoch")
      .all()
      .map((row) => ({ ...row })),
    [{ epoch: 1, n: 4 }],
  );
  assert.equal(state.step(durable, 7n, null, 1, old)?.seq, old);
});
