import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { median } from "./metrics.ts";

/** Megabytes (10^6) a second of writing a body again and again to a new file, then one fdatasync. */
export function sequentialWriteMBs(folder: string, body: Uint8Array, count: number): number {
  return onNewFile(folder, (file) => {
    const begun = performance.now();
    for (let nth = 0; nth < count; nth++) writeSync(file, body);
    fdatasyncSync(file);
    return (body.byteLength * count) / 1000 / (performance.now() - begun);
  });
}

/** Milliseconds of appending `body` and one fdatasync: the median of `count`. */
export function fdatasyncMs(folder: string, body: Uint8Array, count: number): number {
  return onNewFile(folder, (file) => {
    const times: number[] = [];
    for (let nth = 0; nth < count; nth++) {
      const begun = performance.now();
      writeSync(file, body);
      fdatasyncSync(file);
      times.push(performance.now() - begun);
    }
    return median(times);
  });
}

function onNewFile<T>(folder: string, run: (file: number) => T): T {
  const path = join(folder, "ceiling");
  const file = openSync(path, "w");
  try {
    return run(file);
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
