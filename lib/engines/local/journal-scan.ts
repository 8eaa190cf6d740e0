import { LogError } from "../../core/errors.ts";
import { crc32c } from "../../core/codec/crc32c.ts";
import type { DiskFile } from "./disk.ts";
import { checkFrameVersion, decodeFrameHeader, decodeFrameOps, type FrameHeader, frameHeaderBytes } from "./frame.ts";
import type { JournalFile } from "./journal-files.ts";
import type { JournalOp } from "./journal-op.ts";
import { FileWindow } from "./file-window.ts";

const chunkBytes = 1024 * 1024;
const magicBytes = Buffer.from([0x53, 0x4c, 0x4a, 0x46]);

/** One whole, checked frame. */
export interface ScannedFrame {
  readonly ops: readonly JournalOp[];
  readonly payloadPosition: number;
  readonly end: number;
}

/** Reads one journal file's frames in order, checking every byte. */
export class JournalScan {
  readonly #window: FileWindow;
  readonly #file: JournalFile;
  readonly #size: number;
  readonly #journalId: bigint;

  constructor(open: DiskFile, size: number, file: JournalFile, journalId: bigint) {
    this.#window = new FileWindow(open, size);
    this.#file = file;
    this.#size = size;
    this.#journalId = journalId;
  }

  /**
   * Visits the frames from a journal position on.
   * @returns where the run of whole frames ends
   * @throws unsupported_version, corrupt_log
   */
  async visit(from: number, visit: (frame: ScannedFrame) => void): Promise<number> {
    for (let position = from; ; ) {
      const frame = await this.#frame(position);
      if (frame === undefined) return position;
      visit(frame);
      position = frame.end;
    }
  }

  /** The position of the first frame header at or after a position, whole frame or not, of whatever version; undefined when there is none. */
  async nextHeader(from: number): Promise<number | undefined> {
    for (let at = from - this.#file.base; at + frameHeaderBytes <= this.#size; ) {
      const bytes = await this.#window.read(at, Math.min(chunkBytes, this.#size - at));
      for (let found = bytes.indexOf(magicBytes); found >= 0; found = bytes.indexOf(magicBytes, found + 1)) {
        const position = this.#file.base + at + found;
        const header = await this.#header(position);
        if (header !== undefined && this.#isOurs(header, position)) return position;
      }
      // A magic may lie across two chunks.
      at += Math.max(1, bytes.length - magicBytes.length + 1);
    }
    return undefined;
  }

  async #frame(position: number): Promise<ScannedFrame | undefined> {
    const header = await this.#header(position);
    if (header === undefined) return undefined;
    // No crash leaves that: a header that is whole was written there on purpose, for another place.
    if (!this.#isOurs(header, position))
      throw damaged(this.#file, position, "a frame of another journal, or of another place, is there. Restore the file.");
    checkFrameVersion(header, `${this.#file.path} at ${position - this.#file.base}`);
    const opsAt = position - this.#file.base + frameHeaderBytes;
    const payloadAt = opsAt + header.opsBytes;
    if (payloadAt + header.payloadBytes > this.#size) return undefined;
    const ops = decodeFrameOps(header, await this.#window.read(opsAt, header.opsBytes));
    if (ops === undefined || !(await this.#isPayloadWhole(ops, payloadAt, header.payloadBytes))) return undefined;
    const payloadPosition = this.#file.base + payloadAt;
    return { ops, payloadPosition, end: payloadPosition + header.payloadBytes };
  }

  async #header(position: number): Promise<FrameHeader | undefined> {
    const at = position - this.#file.base;
    if (at + frameHeaderBytes > this.#size) return undefined;
    return decodeFrameHeader(await this.#window.read(at, frameHeaderBytes));
  }

  #isOurs(header: FrameHeader, position: number): boolean {
    return header.journalId === this.#journalId && header.position === position;
  }

  async #isPayloadWhole(ops: readonly JournalOp[], payloadAt: number, payloadBytes: number): Promise<boolean> {
    let at = payloadAt;
    for (const op of ops) {
      if (op.kind !== "append") continue;
      for (const part of op.parts) {
        if ((await this.#checksum(at, part.bytes)) !== part.checksum) return false;
        at += part.bytes;
      }
    }
    return at === payloadAt + payloadBytes;
  }

  async #checksum(at: number, bytes: number): Promise<number> {
    let sum = 0;
    for (let done = 0; done < bytes; done += chunkBytes) {
      sum = crc32c(await this.#window.read(at + done, Math.min(chunkBytes, bytes - done)), sum);
    }
    return sum;
  }
}

/** @returns the error for bytes that are damaged and not a torn tail */
export function damaged(file: JournalFile, position: number, what: string): LogError {
  const at = position - file.base;
  return new LogError("corrupt_log", `${file.path} is damaged at byte ${at}: ${what}`, { details: { file: file.path, position: at } });
}
