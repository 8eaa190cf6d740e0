import { LogError } from "../../core/errors.ts";
import { type Disk, diskErrorCode } from "./disk.ts";
import { writeFile } from "./write-file.ts";

const formatVersion = 1;

/** What the `format` file of a data folder says. */
export interface DataFormat {
  /** Tells this journal's frames from any other's. */
  readonly journalId: bigint;
}

/** @returns undefined when there is no such file. @throws unsupported_version, corrupt_log */
export async function readFormat(disk: Disk, path: string): Promise<DataFormat | undefined> {
  const text = await readText(disk, path);
  if (text === undefined) return undefined;
  const found: unknown = parse(text);
  const isObject = typeof found === "object" && found !== null;
  const version = isObject && "format" in found ? found.format : undefined;
  if (typeof version === "number" && version !== formatVersion) {
    throw new LogError(
      "unsupported_version",
      `${path} says format ${version}; this build knows ${formatVersion}: start the build that wrote it.`,
    );
  }
  const journal = isObject && "journal" in found ? found.journal : undefined;
  if (version === undefined || typeof journal !== "string" || !/^[0-9a-f]{16}$/.test(journal)) {
    throw new LogError("corrupt_log", `${path} is damaged: restore it.`, { details: { file: path, position: 0 } });
  }
  return { journalId: BigInt(`0x${journal}`) };
}

/** Writes the file, durably, under its name at once or not at all. */
export async function writeFormat(disk: Disk, folder: string, name: string, format: DataFormat): Promise<void> {
  const temporary = `${folder}/${name}.new`;
  const journal = format.journalId.toString(16).padStart(16, "0");
  const bytes = new TextEncoder().encode(`${JSON.stringify({ format: formatVersion, journal })}\n`);
  await writeFile(disk, temporary, bytes);
  await disk.rename(temporary, `${folder}/${name}`);
  await disk.syncFolder(folder);
}

async function readText(disk: Disk, path: string): Promise<string | undefined> {
  try {
    const file = await disk.open(path, "read");
    try {
      const { size } = await file.info();
      const bytes = new Uint8Array(Math.min(size, 4_096));
      return new TextDecoder().decode(bytes.subarray(0, await file.read(bytes, 0)));
    } finally {
      await file.close();
    }
  } catch (reason) {
    if (diskErrorCode(reason) === "ENOENT") return undefined;
    throw reason;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
