import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ConformanceCase, EngineHarness } from "../../lib/testing/conformance/case.ts";

/** A harness over a new, empty store; `dispose` throws the store away. */
export interface DisposableHarness extends EngineHarness {
  dispose(): Promise<void>;
}

export interface RegisterOptions {
  /** Cases that this engine is known to fail, by name, with the reason. One that passes fails: then take it off the list. */
  readonly knownFailures?: Readonly<Record<string, string>>;
}

/** Registers a suite's cases with the test runner, each over a store of its own. */
export function registerCases<H>(
  suite: string,
  cases: readonly ConformanceCase<H>[],
  makeHarness: () => Promise<H & { dispose(): Promise<void> }>,
  options: RegisterOptions = {},
): void {
  const known = new Map(Object.entries(options.knownFailures ?? {}));
  describe(suite, () => {
    for (const each of cases) {
      const reason = known.get(each.name);
      known.delete(each.name);
      it(reason === undefined ? each.name : `${each.name} (known to fail: ${reason})`, async () => {
        const harness = await makeHarness();
        try {
          const run = each.run(harness);
          if (reason === undefined) await run;
          else await assert.rejects(run, `"${each.name}" passes: take it off the known failures`);
        } finally {
          await harness.dispose();
        }
      });
    }
    it("every known failure names a case", () => assert.deepEqual([...known.keys()], []));
  });
}
