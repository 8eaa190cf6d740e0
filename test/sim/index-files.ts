import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IndexKeeper } from "../../lib/testing/sim/local-store.ts";

const suffixes = ["", "-wal"];

/**
 * Keeps the local engine's index in real files from life to life. A life that was ended still has its files open, so the next one gets
 * a copy: of what they hold now, or, as after a power failure, of an earlier state.
 */
export function indexFiles(): IndexKeeper & { dispose(): void } {
  const folder = mkdtempSync(join(tmpdir(), "stratalog-sim-"));
  let count = 0;
  const copy = (from: string): string => {
    const to = join(folder, `index-${count++}.db`);
    for (const suffix of suffixes) if (existsSync(from + suffix)) copyFileSync(from + suffix, to + suffix);
    return to;
  };
  let earlier = join(folder, "none.db");
  let next = earlier;
  return {
    open() {
      earlier = next;
      return copy(next);
    },
    ended(path, keeps) {
      if (keeps === "all") next = copy(path);
      else next = keeps === "some" ? earlier : join(folder, "none.db");
    },
    dispose: () => rmSync(folder, { recursive: true }),
  };
}
