import { LogError } from "../../core/errors.ts";
import type { Damage } from "../../ports/upkeep.ts";
import { readCheckpoint } from "./checkpoint.ts";
import type { Disk } from "./disk.ts";
import type { ClosedFile } from "./journal-files.ts";
import { JournalScan } from "./journal-scan.ts";

export interface VerifyPlace {
  readonly disk: Disk;
  /** The data folder. */
  readonly folder: string;
  readonly journalId: bigint;
}

/**
 * Reads what an index is made anew from: every frame of the journal's files, and the checkpoint. While the index is there nothing else reads them, but for the entries.
 * @param files each up to where its last frame ends
 */
export async function verifyFiles(
  place: VerifyPlace,
  files: readonly ClosedFile[],
  onDamage: (damage: Damage) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const file of files) {
    if (signal?.aborted === true) return;
    await verifyFile(place, file, onDamage, signal);
  }
  const { disk, folder, journalId } = place;
  try {
    await readCheckpoint(disk, folder, journalId, () => undefined);
  } catch (reason) {
    if (!(reason instanceof LogError) || reason.code !== "corrupt_log") throw reason;
    onDamage({ name: "checkpoint", position: 0, message: reason.message });
  }
}

async function verifyFile(
  { disk, folder, journalId }: VerifyPlace,
  file: ClosedFile,
  onDamage: (damage: Damage) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const open = await disk.open(file.path, "read");
  const tell = (position: number, what: string): void => {
    const at = position - file.base;
    const name = file.path.slice(folder.length + 1);
    onDamage({ name, position: at, message: `${name} is damaged at byte ${at}: ${what}` });
  };
  try {
    const { size } = await open.info();
    const scan = new JournalScan(open, Math.min(size, file.end - file.base), file, journalId);
    for (let from: number | undefined = file.base; from !== undefined && from < file.end && signal?.aborted !== true; ) {
      const reached = await wholeUpTo(scan, from);
      if (reached >= file.end) return;
      tell(reached, "the frame there fails its checks.");
      from = await scan.nextHeader(reached + 1);
    }
  } finally {
    await open.close();
  }
}

/** @returns where a run of whole frames ends; one that is another place's is not whole */
async function wholeUpTo(scan: JournalScan, from: number): Promise<number> {
  let end = from;
  try {
    return await scan.visit(from, (frame) => (end = frame.end));
  } catch (reason) {
    if (!(reason instanceof LogError) || reason.code !== "corrupt_log") throw reason;
    return end;
  }
}
