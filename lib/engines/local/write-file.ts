import type { Disk } from "./disk.ts";

/** Makes a file of these bytes, or makes it anew, durably; its name is for the caller to sync. */
export async function writeFile(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const file = await disk.open(path, "create");
  try {
    await file.truncate(0);
    for (let done = 0; done < bytes.length; ) done += await file.write([bytes.subarray(done)], done);
    await file.sync();
  } finally {
    await file.close();
  }
}
