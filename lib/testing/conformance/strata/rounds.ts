import assert from "node:assert/strict";
import { record } from "../log/build.ts";
import { atOnce, objectKeys, type StrataCase } from "./build.ts";

const dayMs = 86_400_000;

/** What becomes of work that a round of the janitor did not come to. */
export const roundCases: readonly StrataCase[] = [
  {
    name: "wherever a round is cut short, it says so, and what it left is done later: a partition that nobody uses is sealed, and expires",
    async run(harness) {
      let nowMs = 1_000 * dayMs;
      let stepMs = 0;
      const { log, engine, janitor } = await harness.openTuned(atOnce, () => (nowMs += stepMs));
      /** A round that the clock, which goes on by one with each look at it, ends at the latest after so many. */
      const cut = async (looks: number): Promise<boolean> => {
        stepMs = 1;
        const { failures, isComplete } = await janitor(nowMs + looks);
        stepMs = 0;
        assert.equal(failures, 0);
        return isComplete;
      };
      try {
        await log.topics.create({ name: "t", partitions: 2, config: { "retention.ms": 2 * dayMs } });
        let isComplete = false;
        for (let looks = 1; !isComplete; looks++) {
          assert.ok(looks < 200, "a round ends");
          for (const partition of [0, 1]) await log.append("t", { records: [{ ...record("r", { partition }), timestampMs: nowMs }] });
          await cut(looks);
          await janitor(Number.MAX_SAFE_INTEGER);
          assert.deepEqual((await objectKeys(engine)).length, 2, `sealed, after a round of ${looks}`);
          nowMs += 3 * dayMs;
          isComplete = await cut(looks);
          if (isComplete) assert.deepEqual(await objectKeys(engine), [], `a whole round of ${looks} leaves nothing`);
          for (let nth = 0; nth < 2; nth++) assert.equal((await janitor(Number.MAX_SAFE_INTEGER)).isComplete, true);
          const marks = await log.watermarks("t");
          assert.deepEqual(
            marks.map(({ logStartOffset }) => logStartOffset),
            [looks, looks],
            `expired, after a round of ${looks}`,
          );
        }
      } finally {
        await log.close();
      }
    },
  },
  {
    name: "a large topic's deletion goes on where the round before left it, and holds up no other topic",
    async run(harness) {
      let nowMs = 1_000 * dayMs;
      let stepMs = 0;
      const { log, engine, janitor } = await harness.openTuned(atOnce, () => (nowMs += stepMs));
      try {
        const partitions = 60;
        const { id } = await log.topics.create({ name: "large", partitions, partitionsPerShard: 1 });
        await log.topics.create({ name: "other" });
        for (const partition of [0, 30, 59]) await log.append("large", { records: [record("r", { partition })] });
        await janitor(Number.MAX_SAFE_INTEGER);
        assert.equal((await objectKeys(engine)).length, 3);
        await log.topics.delete("large");
        await log.append("other", { records: [record("r")] });
        let [rounds, finished, seals] = [0, 0, 0];
        stepMs = 1;
        // The clock goes on by one with each look at it.
        for (; finished === 0 && rounds < partitions; rounds++) {
          const report = await janitor(nowMs + 70);
          finished += report.deletionsFinished;
          seals += report.seals;
          assert.equal(report.failures, 0);
        }
        stepMs = 0;
        assert.ok(rounds > 2, `it takes several rounds, not ${rounds}`);
        assert.deepEqual([finished, seals], [1, 1]);
        for (const pk of ["deleted-topics", `frontiers/${id}`, `garbage/${id}`, `segments/${id}/0`, `segments/${id}/59`])
          assert.deepEqual(await engine.catalog.query(pk, { limit: 10 }), [], pk);
        assert.equal((await objectKeys(engine)).length, 1, "the other's");
      } finally {
        await log.close();
      }
    },
  },
  {
    name: "a shard whose mark was lost is found a day later: what waits is sealed, and expires in its time",
    async run(harness) {
      let nowMs = 1_000 * dayMs;
      const { log, engine, janitor } = await harness.openTuned(atOnce, () => nowMs);
      const roundOf = async (pk: string): Promise<number> => {
        const lost = await engine.catalog.query(pk, { limit: 10 });
        assert.equal(lost.length, 1);
        await engine.catalog.transact(lost.map(({ key }) => ({ key, delete: true, if: "any" }) as const));
        assert.equal((await janitor(Number.MAX_SAFE_INTEGER)).shardsSeen, 0);
        nowMs += dayMs;
        for (let nth = 0; nth < 2; nth++) await janitor(Number.MAX_SAFE_INTEGER);
        return (await objectKeys(engine)).length;
      };
      try {
        await log.topics.create({ name: "t", partitions: 2, config: { "retention.ms": 3 * dayMs } });
        await log.append("t", { records: [{ ...record("r", { partition: 1 }), timestampMs: nowMs }] });
        assert.equal(await roundOf("active"), 1);
        assert.equal(await roundOf("due"), 1);
        nowMs += dayMs + 1;
        for (let nth = 0; nth < 2; nth++) await janitor(Number.MAX_SAFE_INTEGER);
        assert.deepEqual(await objectKeys(engine), []);
      } finally {
        await log.close();
      }
    },
  },
];
