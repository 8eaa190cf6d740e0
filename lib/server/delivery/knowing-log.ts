import type { ConsumerState, ConsumerStatus } from "../../log/consumers/consumers.ts";
import type { Log } from "../../log/log.ts";
import { methodsOf } from "./telling-log.ts";

/** How it is with a consumer's function in this server: it is not of this server, cannot be loaded, or runs. */
export type FunctionState = "none" | "broken" | "loaded";

/**
 * A log whose consumers' states tell whether their functions run, where they are ones of a server's own: of a server that has the log for itself.
 * @param functionOf by target
 */
export function knowingLog(log: Log, functionOf: (target: string) => FunctionState): Log {
  const { consumers } = log;
  return {
    ...log,
    consumers: {
      ...methodsOf(consumers),
      state: async (consumer) => stateHere(await consumers.state(consumer), consumer.target, functionOf),
      status: async (group) => statusHere(await consumers.status(group), functionOf),
    },
  };
}

function statusHere(status: ConsumerStatus, functionOf: (target: string) => FunctionState): ConsumerStatus {
  const { target } = status.consumer;
  // What waits until its function is mended has been taken up, and is not being delivered.
  const isBroken = functionOf(target) === "broken";
  const partitions = isBroken ? status.partitions.map((partition) => ({ ...partition, isLeased: false })) : status.partitions;
  return { ...status, partitions, state: stateHere(status.state, target, functionOf) };
}

function stateHere(state: ConsumerState, target: string, functionOf: (target: string) => FunctionState): ConsumerState {
  if (!target.startsWith("local:") || state === "Disabled" || state === "NoTopic") return state;
  const found = functionOf(target);
  return found === "none" ? "NotRunning" : found === "broken" ? "Problem" : state;
}
