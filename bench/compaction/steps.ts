import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export interface Written {
  readonly ms: number;
  readonly bytes: number;
}

export interface Compacted {
  readonly ms: number;
  readonly peakBytes: number;
  readonly sealedBytes: number;
  readonly rewrittenBytes: number;
  readonly rounds: number;
  readonly failures: number;
}

export interface Compared {
  readonly found: number;
  readonly expected: number;
  readonly wrong: number;
  readonly bytes: number;
  readonly highWatermark: number;
}

const script = fileURLToPath(new URL("child.ts", import.meta.url));

/** Runs a step in a process of its own. @param heapMb what its JavaScript heap may take at most */
export async function runStep<T>(step: "write" | "compact" | "compare", args: readonly (string | number)[], heapMb: number): Promise<T> {
  const { stdout } = await promisify(execFile)(process.execPath, [`--max-old-space-size=${heapMb}`, script, step, ...args.map(String)]);
  return JSON.parse(stdout) as T;
}
