import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAwsEngine } from "../../../lib/engines/aws/index.ts";
import { sdkBucket } from "../../../lib/engines/aws/sdk-bucket.ts";
import { sdkTable } from "../../../lib/engines/aws/sdk-table.ts";
import { openLocalEngine } from "../../../lib/engines/local/index.ts";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { Engine } from "../../../lib/ports/engine.ts";
import { startEmulatedAws } from "../../../scripts/emulators/aws-store.ts";
import type { EngineName } from "../groups/stores.ts";

export interface Store {
  readonly engine: Engine;
  /** An engine of another process. Where none can be: the same one. */
  another(): Engine;
  /** How many times as fast as the machine's the log's clock goes. */
  readonly speed: number;
  readonly writerPauseMs: number;
  stop(): Promise<void>;
}

export async function startStore(name: EngineName, usedForSeconds: number): Promise<Store> {
  if (name === "aws") return await awsStore(usedForSeconds);
  const folder = await mkdtemp(join(tmpdir(), "stratalog-triggers-"));
  const engine = name === "memory" ? createMemoryEngine() : await openLocalEngine(folder);
  return {
    engine,
    another: () => engine,
    ...{ speed: 20, writerPauseMs: 40 },
    async stop() {
      await engine.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function awsStore(usedForSeconds: number): Promise<Store> {
  // For the first minute or two a JVM that compiles well spends more than it saves.
  const aws = await startEmulatedAws({ usedFor: usedForSeconds > 120 ? "minutes" : "seconds" });
  const { table, bucket } = await aws.createStore();
  const { dynamodb, s3 } = aws.clients;
  const storage = { table: sdkTable(dynamodb, table), bucket: sdkBucket(s3, bucket), clock: nodeClock, random: nodeRandom };
  const engine = createAwsEngine(storage);
  return {
    engine,
    another: () => createAwsEngine(storage),
    ...{ speed: 8, writerPauseMs: 250 },
    async stop() {
      await engine.close();
      await aws.stop();
    },
  };
}
