import { createLog } from "../../lib/log/create-log.ts";
import { nodeClock } from "../../lib/node/clock.ts";
import { nodeCompression } from "../../lib/node/compression.ts";
import { nodeRandom } from "../../lib/node/random.ts";
import type { LogHarness } from "../../lib/testing/conformance/log/build.ts";
import type { DisposableHarness } from "./register.ts";

/** The log over an engine's harness. */
export function logHarness(engines: () => Promise<DisposableHarness>): () => Promise<LogHarness & { dispose(): Promise<void> }> {
  return async () => {
    const engine = await engines();
    return {
      open: async () => createLog(await engine.open(), { clock: nodeClock, random: nodeRandom, compression: nodeCompression }),
      clock: nodeClock,
      compression: nodeCompression,
      dispose: () => engine.dispose(),
    };
  };
}
