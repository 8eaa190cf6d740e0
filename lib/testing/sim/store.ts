import type { Engine } from "../../ports/engine.ts";
import { createMemoryEngine, createMemoryStore } from "../../engines/memory/index.ts";
import type { Life } from "./life.ts";
import type { Network } from "./network.ts";
import { remoteEngine } from "./remote-engine.ts";
import type { Scheduler } from "./scheduler.ts";

/** What survives the log's processes. */
export interface SimStore {
  /** How many processes may have it open at once. */
  readonly processesMax: number;
  /** Whether its engine sends the put of an object again when it got no answer: the first may then be done after all, at any later time. Default false. */
  readonly resendsPuts?: boolean;
  /** Lets what goes wrong in the store itself go wrong, or not. */
  setFaulty(isFaulty: boolean): void;
  /** Opens it for a process; its engine stops when the process's life ends. */
  open(life: Life): Promise<Engine>;
}

/** One memory store behind a network, as a database would be: any number of processes write to it, and it never crashes. */
export function memorySimStore(scheduler: Scheduler, network: Network): SimStore {
  const store = createMemoryStore({ nowMs: () => scheduler.nowMs });
  return {
    processesMax: 3,
    setFaulty: () => undefined,
    open: async (life) => remoteEngine(createMemoryEngine(store), network, life),
  };
}
