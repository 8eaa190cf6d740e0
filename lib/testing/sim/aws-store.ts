import type { Context, Stores } from "../../engines/aws/context.ts";
import { type AwsEngineOptions, createAwsEngine } from "../../engines/aws/index.ts";
import { defaultTuning } from "../../engines/aws/tuning.ts";
import { keyOf } from "../../engines/aws/upkeep/freeing.ts";
import { collectOnce } from "./aws/collector.ts";
import { damaging } from "./aws/damage.ts";
import { faultyStorage, noStorageFaults, type StorageFaults } from "./aws/faulty-storage.ts";
import { SimBucket } from "./aws/sim-bucket.ts";
import { SimTable } from "./aws/sim-table.ts";
import { Life } from "./life.ts";
import type { StoreMaker } from "./simulate.ts";

export interface AwsStoreOptions {
  /** Delivers writes twice, as the SDK's own retry does. Default false. */
  readonly retriesWrites?: boolean;
  /** Between the engine and its storage: what a missing guard would send or see. */
  readonly wrap?: (storage: Stores) => Stores;
  /** Sizes that are not drawn: those that lead where a missing guard is needed. */
  readonly tuning?: AwsEngineOptions["tuning"];
}

/**
 * The real AWS engine over simulated DynamoDB and S3, which any number of processes share: every request may be late, lost, refused, answered late
 * or done after its sender gave up. Sizes are small, so that few entries roll, spill and go to S3, and a collector runs without any grace.
 */
export function awsSimStore(options: AwsStoreOptions = {}): StoreMaker {
  const { retriesWrites = false, wrap = (stores: Stores): Stores => stores } = options;
  return ({ scheduler, network, prng, trace }) => {
    const clock = { nowMs: () => scheduler.nowMs };
    const [table, bucket] = [new SimTable(clock), new SimBucket(clock)];
    const draws = prng.fork();
    const drawn: StorageFaults = {
      conflict: draws.pick([0, 0, 0.05, 0.2]),
      unreachable: draws.pick([0, 0, 0.05]),
      stale: draws.pick([0, 0.3, 1]),
      torn: draws.pick([0, 0.3]),
    };
    const rollEntries = draws.pick([1, 2, 4, 16]);
    const headStatesMax = draws.pick([2, 4, 16]);
    const tuning = {
      rollEntries,
      tailEntriesMax: rollEntries * draws.pick([1, 2, 4]),
      rollBytes: draws.pick([100, 1_024]),
      headStatesMax,
      idleEntries: draws.pick([0, 0, 0, 5]),
      idleStatesKept: draws.pick([0, 1, headStatesMax / 2]),
      inlineBytes: draws.pick([0, 150, 3_072]),
      payloadWholeBytes: draws.pick([0, 1_000_000]),
      payloadCacheBytes: draws.pick([0, 1_000_000]),
      pagesCached: draws.pick([0, 4, 2_048]),
      // Of simulated queries 256 an hour are too many: the collector is told what there is.
      epochsBack: 0,
    };
    const lingerMs = draws.pick([0, 0, 5]);
    const skewMsMax = draws.pick([0, 3_600_000, 86_400_000]);
    let faults = noStorageFaults;
    const damage = draws.pick([0, 0, 0.1]);
    const connect = (life: Life): Stores => {
      const far = faultyStorage({ table, bucket, scheduler, network, prng: draws.fork(), faults: () => faults, retriesWrites }, life);
      return wrap(damaging(far, draws.fork(), () => (faults === noStorageFaults ? 0 : damage)));
    };
    const collector = new Life("collector", scheduler);
    const collectEveryMs = draws.pick([Number.POSITIVE_INFINITY, 4_000, 700]);
    const collect = (): void => {
      if (!Number.isFinite(collectEveryMs)) return;
      collector.after(draws.fraction() * 2 * collectEveryMs, () => {
        if (faults === noStorageFaults) return;
        trace("collector runs");
        const context: Context = { ...connect(collector), clock: collector.clock(1e12), random: draws.fork(), tuning: defaultTuning };
        const listing = { items: table.snapshot.map(keyOf), objects: bucket.snapshot.map(({ key }) => key) };
        collectOnce(context, listing).then(collect, collect);
      });
    };
    return {
      resendsPuts: true,
      processesMax: 3,
      setFaulty(isFaulty) {
        faults = isFaulty ? drawn : noStorageFaults;
        if (isFaulty) collect();
      },
      async open(life) {
        const skewMs = (draws.fraction() - 0.5) * 2 * skewMsMax + 1e12;
        return createAwsEngine(
          { ...connect(life), clock: life.clock(skewMs), random: draws.fork() },
          { lingerMs, tuning: { ...tuning, ...options.tuning } },
        );
      },
    };
  };
}
