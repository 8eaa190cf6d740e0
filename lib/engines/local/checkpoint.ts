import { LogError } from "../../core/errors.ts";
import { crc32c } from "../../core/codec/crc32c.ts";
import { ByteWriter } from "./byte-writer.ts";
import { type CheckpointRecord, decodeRecords, writeRecord } from "./checkpoint-record.ts";
import { type Disk, type DiskFile, diskErrorCode } from "./disk.ts";
import { FileWindow } from "./file-window.ts";
import { writeFile } from "./write-file.ts";

/** "SLCP" */
const magic = 0x534c4350;
const version = 1;
const headerBytes = 28;
const blockHeadBytes = 8;
/** A block ends with the record that takes it past this. */
const blockBytes = 256 * 1024;

export interface CheckpointHeader {
  /** The journal from here on, over what the checkpoint holds, is all there is. */
  readonly position: number;
  /** Of the whole file. */
  readonly bytes: number;
}

/**
 * Replaces the checkpoint, durably: under its name is always a whole one, the old or the new.
 * @param records runs of them, between which `pause` lets others go on
 * @returns the bytes of the file
 */
export async function writeCheckpoint(
  disk: Disk,
  folder: string,
  header: { readonly journalId: bigint; readonly position: number },
  records: Iterable<readonly CheckpointRecord[]>,
  pause: () => Promise<void>,
): Promise<number> {
  const temporary = `${folder}/checkpoint.new`;
  let bytes = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces(header, records, pause)) {
      bytes += piece.length;
      yield piece;
    }
  };
  try {
    await writeFile(disk, temporary, counted());
  } catch (reason) {
    await disk.remove(temporary).catch(() => undefined);
    throw reason;
  }
  await disk.rename(temporary, checkpointPath(folder));
  await disk.syncFolder(folder);
  return bytes;
}

/** @returns undefined when there is no checkpoint. @throws corrupt_log, unsupported_version */
export async function readCheckpointHeader(disk: Disk, folder: string, journalId: bigint): Promise<CheckpointHeader | undefined> {
  return await withCheckpoint(disk, folder, (file, size) => readHeader(file, size, folder, journalId));
}

/**
 * All records of the checkpoint, checked, block by block.
 * @returns where the journal goes on; undefined when there is no checkpoint
 * @throws corrupt_log, unsupported_version: what was taken until then is not to be used
 */
export async function readCheckpoint(
  disk: Disk,
  folder: string,
  journalId: bigint,
  take: (records: readonly CheckpointRecord[]) => void,
): Promise<number | undefined> {
  return await withCheckpoint(disk, folder, async (file, size) => {
    const { position } = await readHeader(file, size, folder, journalId);
    const window = new FileWindow(file, size);
    let at = headerBytes;
    for (let blocks = 0; ; blocks++) {
      const head = Buffer.from(await window.read(at, blockHeadBytes));
      if (head.length < blockHeadBytes) throw damaged(folder, at);
      const [length, checksum] = [head.readUInt32BE(0), head.readUInt32BE(4)];
      at += blockHeadBytes;
      if (length === 0) {
        if (checksum !== blocks || at !== size) throw damaged(folder, at - blockHeadBytes);
        return position;
      }
      const bytes = at + length > size ? new Uint8Array(0) : await window.read(at, length);
      if (bytes.length < length || crc32c(bytes) !== checksum) throw damaged(folder, at);
      take(decodeRecords(bytes));
      at += length;
    }
  });
}

async function* pieces(
  { journalId, position }: { readonly journalId: bigint; readonly position: number },
  records: Iterable<readonly CheckpointRecord[]>,
  pause: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  yield headerOf(journalId, position);
  const writer = new ByteWriter(blockHeadBytes, 2 * blockBytes);
  let blocks = 0;
  for (const run of records) {
    for (const record of run) {
      writeRecord(writer, record);
      if (writer.position < blockBytes) continue;
      yield blockOf(writer);
      blocks++;
    }
    await pause();
  }
  if (writer.position > blockHeadBytes) {
    yield blockOf(writer);
    blocks++;
  }
  const end = Buffer.alloc(blockHeadBytes);
  end.writeUInt32BE(blocks, 4);
  yield end;
}

function headerOf(journalId: bigint, position: number): Uint8Array {
  const bytes = Buffer.alloc(headerBytes);
  bytes.writeUInt32BE(magic, 0);
  bytes.writeUInt8(version, 4);
  bytes.writeBigUInt64BE(journalId, 8);
  bytes.writeBigUInt64BE(BigInt(position), 16);
  bytes.writeUInt32BE(crc32c(bytes.subarray(0, 24)), 24);
  return bytes;
}

/** The block that waits, good until the next record is written. */
function blockOf(writer: ByteWriter): Uint8Array {
  const block = writer.bytes.subarray(0, writer.position);
  block.writeUInt32BE(block.length - blockHeadBytes, 0);
  block.writeUInt32BE(crc32c(block.subarray(blockHeadBytes)), 4);
  writer.reset();
  return block;
}

async function readHeader(file: DiskFile, size: number, folder: string, journalId: bigint): Promise<CheckpointHeader> {
  const header = Buffer.alloc(headerBytes);
  const read = await file.read(header, 0);
  if (read < headerBytes || header.readUInt32BE(0) !== magic || header.readUInt32BE(24) !== crc32c(header.subarray(0, 24))) {
    throw damaged(folder, 0);
  }
  const found = header.readUInt8(4);
  if (found !== version) {
    throw new LogError(
      "unsupported_version",
      `${checkpointPath(folder)} is of format version ${found}; this build knows ${version}: start the build that wrote it.`,
    );
  }
  if (header.readBigUInt64BE(8) !== journalId) throw damaged(folder, 8);
  return { position: Number(header.readBigUInt64BE(16)), bytes: size };
}

async function withCheckpoint<T>(disk: Disk, folder: string, run: (file: DiskFile, size: number) => Promise<T>): Promise<T | undefined> {
  let file: DiskFile;
  try {
    file = await disk.open(checkpointPath(folder), "read");
  } catch (reason) {
    if (diskErrorCode(reason) === "ENOENT") return undefined;
    throw reason;
  }
  try {
    return await run(file, (await file.info()).size);
  } finally {
    await file.close();
  }
}

function checkpointPath(folder: string): string {
  return `${folder}/checkpoint`;
}

function damaged(folder: string, position: number): LogError {
  const file = checkpointPath(folder);
  return new LogError("corrupt_log", `${file} is damaged at byte ${position}, or another journal's: restore it from a copy.`, {
    details: { file, position },
  });
}
