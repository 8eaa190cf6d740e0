import type { Disk } from "./disk.ts";

/** Makes a file of these bytes, or makes it anew, durably; its name is for the caller to sync. Pieces are written as they come. */
export async function writeFile(disk: Disk, path: string, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
  const file = await disk.open(path, "create");
  try {
    await file.truncate(0);
    let end = 0;
    for await (const bytes of body instanceof Uint8Array ? [body] : body) {
      for (let done = 0; done < bytes.length; ) done += await file.write([bytes.subarray(done)], end + done);
      end += bytes.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
}
