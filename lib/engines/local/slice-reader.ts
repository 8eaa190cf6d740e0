import { limits } from "../../core/limits.ts";
import type { EntrySlice } from "../../ports/journal.ts";
import { crc32c } from "../../core/codec/crc32c.ts";
import type { JournalFiles } from "./journal-files.ts";
import { damaged } from "./journal-scan.ts";
import { runOf, type StoredRun } from "./stored-entry.ts";

/** Slices that one read covers: `nth` is a slice's place in the answer. */
interface Stretch {
  readonly start: number;
  end: number;
  readonly runs: { readonly nth: number; readonly run: StoredRun }[];
}

/** The bytes of each slice, checked. Slices that follow each other closely in the journal are read at once. @throws corrupt_log */
export async function readSlices(files: JournalFiles, slices: readonly EntrySlice[]): Promise<readonly Uint8Array[]> {
  const answer = new Array<Uint8Array>(slices.length);
  const stretches = stretchesOf(files, slices);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let stretch = stretches[next++]; stretch !== undefined; stretch = stretches[next++]) await readStretch(files, stretch, answer);
  };
  await Promise.all(Array.from({ length: Math.min(limits.localReadsAtOnceMax, stretches.length) }, worker));
  return answer;
}

function stretchesOf(files: JournalFiles, slices: readonly EntrySlice[]): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let last: Stretch | undefined;
  let lastBase = -1;
  for (const [nth, { entry, index }] of slices.entries()) {
    const run = runOf(entry, index);
    const end = run.position + run.bytes;
    const { base } = files.fileAt(run.position);
    const gap = last === undefined ? -1 : run.position - last.end;
    if (
      last !== undefined &&
      base === lastBase &&
      gap >= 0 &&
      gap <= limits.localReadGapBytesMax &&
      end - last.start <= limits.localReadBytesMax
    ) {
      last.end = end;
      last.runs.push({ nth, run });
      continue;
    }
    last = { start: run.position, end, runs: [{ nth, run }] };
    lastBase = base;
    stretches.push(last);
  }
  return stretches;
}

async function readStretch(files: JournalFiles, { start, end, runs }: Stretch, answer: Uint8Array[]): Promise<void> {
  const bytes = await files.read(start, end - start);
  for (const { nth, run } of runs) {
    const slice = bytes.subarray(run.position - start, run.position - start + run.bytes);
    if (slice.length !== run.bytes || crc32c(slice) !== run.checksum) {
      throw damaged(
        files.fileAt(run.position),
        run.position,
        `the ${run.bytes} bytes there fail their checksum. They are not served; restore the file from a copy.`,
      );
    }
    answer[nth] = slice;
  }
}
