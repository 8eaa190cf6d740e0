import { createAwsEngine, type Storage } from "../../../lib/engines/aws/index.ts";
import { sdkBucket } from "../../../lib/engines/aws/sdk-bucket.ts";
import { type AwsClients, awsClients } from "../../../lib/engines/aws/sdk-clients.ts";
import { sdkTable } from "../../../lib/engines/aws/sdk-table.ts";
import type { Tuning } from "../../../lib/engines/aws/tuning.ts";
import type { Engine } from "../../../lib/ports/engine.ts";
import type { Life } from "../../../lib/testing/sim/life.ts";
import type { Prng } from "../../../lib/testing/sim/prng.ts";
import type { SimStore } from "../../../lib/testing/sim/store.ts";
import { type EmulatedAws, type EmulatedStore, emulatorCredentials, emulatorRegion } from "../../../scripts/emulators/aws-store.ts";
import { Collector, Deposits } from "./collector.ts";
import { damagePayloads } from "./damage.ts";
import { disturb, type Stack } from "./disturbed.ts";
import type { FaultLog } from "./fault-log.ts";
import { calm, drawEpisode, type Mix } from "./mixes.ts";
import { missRecentItems, RecentItems } from "./stale-reads.ts";
import { Wire } from "./wire.ts";

export interface ChaosStoreParts {
  readonly aws: EmulatedAws;
  readonly names: EmulatedStore;
  readonly prng: Prng;
  readonly log: FaultLog;
  readonly isVerbose: boolean;
  /** Between the engine and its storage: what a missing guard would send or see. */
  readonly wrap: (storage: Pick<Storage, "table" | "bucket">) => Pick<Storage, "table" | "bucket">;
  /** Default: episodes of all kinds. */
  readonly mix: Mix | undefined;
  /** Default: drawn for each process. */
  readonly tuning: Partial<Tuning> | undefined;
  readonly maxAttempts: number;
  readonly collects: boolean;
}

const requestTimeoutMs = 5_000;
const dayMs = 86_400_000;
/** Upkeep's queries for payloads that were not committed are too many for an emulator: a collector that is told of them takes its place. */
export const epochsBack = 0;

/** One table and bucket, which any number of processes open through clients of their own that misbehave. */
export class ChaosStore implements SimStore {
  readonly processesMax = 4;
  readonly #parts: ChaosStoreParts;
  readonly #deposits = new Deposits();
  readonly #recent = new RecentItems();
  readonly #wires = new Set<Wire>();
  readonly #collector: Collector;
  #mix = calm;
  #next: NodeJS.Timeout | undefined;

  constructor(parts: ChaosStoreParts) {
    this.#parts = parts;
    const { aws, names, log } = parts;
    this.#collector = new Collector({ clients: aws.clients, names, deposits: this.#deposits, log });
  }

  get inFlight(): number {
    return [...this.#wires].reduce((sum, wire) => sum + wire.inFlight, 0);
  }

  setFaulty(isFaulty: boolean): void {
    clearTimeout(this.#next);
    this.#mix = calm;
    if (!isFaulty) return;
    if (this.#parts.collects) this.#collector.start();
    this.#begin();
  }

  /** Has everything done that is still to come. */
  async settle(): Promise<void> {
    await this.#collector.stop();
    for (const wire of this.#wires) wire.letGo();
  }

  async open(life: Life): Promise<Engine> {
    const { prng, wrap, tuning } = this.#parts;
    const skewMs = Date.now() + (prng.fraction() - 0.5) * 2 * prng.pick([0, 3_600_000, dayMs]);
    const storage = wrap(this.#connect(life));
    const lingerMs = prng.pick([0, 0, 5]);
    const options = { lingerMs, tuning: { ...(tuning ?? drawTuning(prng)), epochsBack } };
    this.#parts.log.write(`${life.name} has ${JSON.stringify(options)} and its clock is ${Math.round(skewMs - Date.now())} ms off`);
    return createAwsEngine({ ...storage, clock: life.clock(skewMs), random: prng.fork() }, options);
  }

  #begin(): void {
    const { mix, prng, log } = this.#parts;
    const episode = mix === undefined ? drawEpisode(prng) : { name: "the guard's", mix, ms: dayMs };
    log.write(`episode ${episode.name} for ${episode.ms} ms`);
    this.#mix = episode.mix;
    this.#next = setTimeout(() => this.#begin(), episode.ms);
  }

  #connect(life: Life): Pick<Storage, "table" | "bucket"> {
    const { aws, names, prng, log, isVerbose, maxAttempts } = this.#parts;
    const clients = awsClients({
      region: emulatorRegion,
      endpoint: aws.endpoints,
      credentials: emulatorCredentials,
      requestTimeoutMs,
      maxAttempts,
    });
    const wire = new Wire();
    this.#wires.add(wire);
    life.onEnd(() => wire.whenIdle(() => this.#disconnect(wire, clients)));
    for (const client of [clients.dynamodb, clients.s3]) {
      const stack = client.middlewareStack as Stack;
      this.#deposits.watch(stack);
      missRecentItems(stack, { recent: this.#recent, prng: prng.fork(), chance: () => this.#mix.stale, log });
      damagePayloads(stack, { prng: prng.fork(), chance: () => this.#mix.damaged, log });
      disturb(client, { life, wire, prng: prng.fork(), mix: () => this.#mix, log, isVerbose });
    }
    return { table: sdkTable(clients.dynamodb, names.table), bucket: sdkBucket(clients.s3, names.bucket) };
  }

  #disconnect(wire: Wire, { dynamodb, s3 }: AwsClients): void {
    this.#wires.delete(wire);
    dynamodb.destroy();
    s3.destroy();
  }
}

/** The default sizes, or such that a few entries roll, spill and go to S3. */
function drawTuning(prng: Prng): Partial<Tuning> {
  if (prng.chance(0.3)) return {};
  const rollEntries = prng.pick([2, 4, 16]);
  const headStatesMax = prng.pick([8, 16]);
  return {
    rollEntries,
    tailEntriesMax: rollEntries * prng.pick([2, 4]),
    headStatesMax,
    idleStatesKept: prng.pick([0, 1, headStatesMax / 2]),
    inlineBytes: prng.pick([150, 3_072]),
    payloadWholeBytes: prng.pick([0, 1_000_000]),
    payloadCacheBytes: prng.pick([0, 1_000_000]),
    pagesCached: prng.pick([4, 2_048]),
  };
}
