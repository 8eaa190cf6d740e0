import { createLog } from "../../lib/log/create-log.ts";
import { createJanitor } from "../../lib/log/janitor.ts";
import { nodeClock } from "../../lib/node/clock.ts";
import { nodeCompression } from "../../lib/node/compression.ts";
import { nodeRandom } from "../../lib/node/random.ts";
import type { StrataHarness } from "../../lib/testing/conformance/strata/build.ts";
import type { DisposableHarness } from "./register.ts";

/** The log over an engine's harness. */
export function logHarness(engines: () => Promise<DisposableHarness>): () => Promise<StrataHarness & { dispose(): Promise<void> }> {
  return async () => {
    const engine = await engines();
    return {
      open: async () => createLog(await engine.open(), { clock: nodeClock, random: nodeRandom, compression: nodeCompression }),
      openTuned: async (strata, time = nodeClock) => {
        const opened = await engine.open();
        const clock = typeof time === "function" ? { ...nodeClock, nowMs: time } : time;
        const parts = { clock, random: nodeRandom, compression: nodeCompression, strata };
        return { engine: opened, log: createLog(opened, parts), janitor: createJanitor(opened, parts) };
      },
      clock: nodeClock,
      compression: nodeCompression,
      dispose: () => engine.dispose(),
    };
  };
}
