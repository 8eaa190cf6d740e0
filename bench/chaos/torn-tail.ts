import { randomBytes } from "node:crypto";
import { open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const headerBytes = 48;
const noiseBytesMax = 400;

/**
 * Puts noise behind the last whole frame of a stopped journal, as a crash in the middle of a write leaves it.
 * @returns false when the last frame is not whole: a kill tore it already
 */
export async function tearTail(dataFolder: string): Promise<boolean> {
  const folder = join(dataFolder, "journal");
  const last = (await readdir(folder)).sort().at(-1);
  if (last === undefined) return false;
  const path = join(folder, last);
  const bytes = await readFile(path);
  let end = 0;
  while (end + headerBytes <= bytes.length && bytes.toString("latin1", end, end + 4) === "SLJF") {
    end += headerBytes + bytes.readUInt32BE(end + 24) + Number(bytes.readBigUInt64BE(end + 28));
  }
  if (end > bytes.length || bytes.subarray(end, end + headerBytes).some((byte) => byte !== 0)) return false;
  const file = await open(path, "r+");
  await file.write(randomBytes(1 + Math.floor(Math.random() * noiseBytesMax)), 0, undefined, end);
  await file.close();
  return true;
}
