import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAwsEngine } from "../../../lib/engines/aws/index.ts";
import { sdkBucket } from "../../../lib/engines/aws/sdk-bucket.ts";
import { sdkTable } from "../../../lib/engines/aws/sdk-table.ts";
import { openLocalEngine } from "../../../lib/engines/local/index.ts";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import type { Log } from "../../../lib/log/log.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { Catalog } from "../../../lib/ports/catalog.ts";
import type { Engine } from "../../../lib/ports/engine.ts";
import { startEmulatedAws } from "../../../scripts/emulators/aws-store.ts";

export const engineNames = ["memory", "local", "aws"] as const;
export type EngineName = (typeof engineNames)[number];

/** How fast things go over an engine: an emulator on a small machine can do less. */
export interface Pace {
  readonly producerPauseMs: number;
  readonly idleMs: number;
  readonly watchMs: number;
}

export interface Opened {
  /** Each over the same store, as processes of their own would have it. */
  readonly logs: readonly Log[];
  close(): Promise<void>;
}

export interface Store {
  readonly pace: Pace;
  /** Empty, each time. */
  open(wrap: (catalog: Catalog) => Catalog): Promise<Opened>;
  stop(): Promise<void>;
}

const fast: Pace = { producerPauseMs: 25, idleMs: 20, watchMs: 50 };
const slow: Pace = { producerPauseMs: 200, idleMs: 300, watchMs: 500 };

/** @param usedForSeconds what emulators get ready for */
export async function startStore(name: EngineName, usedForSeconds: number): Promise<Store> {
  if (name === "aws") return await awsStore(usedForSeconds);
  return { pace: fast, open: name === "memory" ? openMemory : openLocal, stop: async () => undefined };
}

async function openMemory(wrap: (catalog: Catalog) => Catalog): Promise<Opened> {
  const log = logOver(createMemoryEngine(), wrap);
  return { logs: [log], close: () => log.close() };
}

async function openLocal(wrap: (catalog: Catalog) => Catalog): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), "stratalog-groups-"));
  const log = logOver(await openLocalEngine(folder), wrap);
  return {
    logs: [log],
    async close() {
      await log.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function awsStore(usedForSeconds: number): Promise<Store> {
  // For the first minute or two a JVM that compiles well spends more than it saves.
  const aws = await startEmulatedAws({ usedFor: usedForSeconds > 120 ? "minutes" : "seconds" });
  return {
    pace: slow,
    async open(wrap) {
      const names = await aws.createStore();
      const parts = { clock: nodeClock, random: nodeRandom };
      const storage = { table: sdkTable(aws.clients.dynamodb, names.table), bucket: sdkBucket(aws.clients.s3, names.bucket), ...parts };
      const logs = Array.from({ length: 2 }, () => logOver(createAwsEngine(storage), wrap));
      return {
        logs,
        async close() {
          for (const log of logs) await log.close();
        },
      };
    },
    stop: () => aws.stop(),
  };
}

function logOver(engine: Engine, wrap: (catalog: Catalog) => Catalog): Log {
  const whole: Engine = {
    journal: engine.journal,
    objects: engine.objects,
    catalog: wrap(engine.catalog),
    upkeep: engine.upkeep,
    isShared: engine.isShared,
    close: () => engine.close(),
  };
  return createLog(whole, { clock: nodeClock, random: nodeRandom, compression: nodeCompression });
}
