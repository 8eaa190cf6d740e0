import { openLocalEngine } from "../../engines/local/index.ts";
import { SimDisk } from "./disk.ts";
import type { DiskLie } from "./disk.ts";
import type { StoreMaker } from "./simulate.ts";

/** Keeps the engine's index from one life to the next, in real files. */
export interface IndexKeeper {
  /** The path of the next life's index. */
  open(): string;
  /** That life is over: the next one finds all of its index, an earlier state of it, or none. */
  ended(path: string, keeps: "all" | "some" | "none"): void;
}

export interface LocalStoreOptions {
  /** Default: the index is in memory, and each start replays the whole journal. */
  readonly index?: IndexKeeper;
  /** Default `none`. */
  readonly lies?: DiskLie;
}

const folder = "/data";

/**
 * The real local engine over a simulated disk: one process at a time. When it ends, the machine goes on and has what was written, or loses power and
 * has what was synced.
 */
export function localSimStore({ lies = "none", index }: LocalStoreOptions = {}): StoreMaker {
  return ({ scheduler, prng, trace }) => {
    const disk = new SimDisk(folder, prng.fork(), () => scheduler.nowMs, trace);
    const journalId = BigInt(prng.next()) * 2n ** 31n + BigInt(prng.next());
    const fileBytesMax = prng.pick([2_048, 16_384, 131_072]);
    const unindexedOpsMax = prng.pick([1, 16, 512]);
    const draws = prng.fork();
    const faults = {
      slow: draws.pick([0, 0.01, 0.05]),
      slowMsMax: 300,
      shortWrite: draws.pick([0, 0.1]),
      full: draws.pick([0, 0, 0.02]),
      failedSync: draws.pick([0, 0, 0.005, 0.02]),
      lies,
    };
    const powerLoss = draws.pick([0, 0.3, 1]);
    return {
      processesMax: 1,
      setFaulty(isFaulty) {
        disk.faults = isFaulty ? faults : { ...faults, slow: 0, shortWrite: 0, full: 0, failedSync: 0 };
      },
      async open(life) {
        const indexPath = index?.open() ?? ":memory:";
        life.onEnd(() => {
          const isPowerLoss = draws.chance(powerLoss);
          trace(`${life.name} leaves the disk ${isPowerLoss ? "without power" : "as it is"}`);
          if (isPowerLoss) disk.losePower();
          else disk.processDied();
          if (index !== undefined) index.ended(indexPath, isPowerLoss ? draws.pick(["all", "some", "none"]) : "all");
        });
        // Not the medium's root itself: the names of the folders above the data have to become durable, too.
        return await openLocalEngine(`${folder}/made/data`, {
          disk: disk.forLife(life),
          indexPath,
          fileBytesMax,
          unindexedOpsMax,
          journalId,
          defer: (run) => {
            life.after(0.01, run);
          },
        });
      },
    };
  };
}
