import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stickyPartition } from "../../../lib/core/partition.ts";

describe("stickyPartition", () => {
  it("is the same for the same seed and in range, whatever the seed", () => {
    for (const seed of [0, 1, -1, 2 ** 31, 2 ** 32 - 1, 2 ** 40 + 3, Number.MAX_SAFE_INTEGER]) {
      const partition = stickyPartition(seed, 7);
      assert.ok(Number.isInteger(partition) && partition >= 0 && partition < 7, `seed ${seed}`);
      assert.equal(stickyPartition(seed, 7), partition);
    }
  });

  it("spreads neighbouring seeds, and seeds that lie a partition count apart", () => {
    for (const step of [1, 6, 64, 1000]) {
      const counts = Array<number>(6).fill(0);
      for (let i = 0; i < 6000; i++) counts[stickyPartition(i * step, 6)]!++;
      assert.ok(
        counts.every((count) => count > 800 && count < 1200),
        `step ${step}: ${counts.join()}`,
      );
    }
  });
});
