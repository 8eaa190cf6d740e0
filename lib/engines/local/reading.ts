import { indexFault } from "./index-schema.ts";

/** Runs what reads the index. @throws LogError only: unavailable once the engine is closed, corrupt_log when the index is damaged */
export type Reading = <T>(run: () => T) => T;

export function readingWhile(ensureOpen: () => void): Reading {
  return (run) => {
    ensureOpen();
    try {
      return run();
    } catch (reason) {
      throw indexFault(reason);
    }
  };
}
