import { LogError } from "../../core/errors.ts";
import { crc32c } from "../../core/codec/crc32c.ts";
import { decodeOps, OpWriter } from "./frame-ops.ts";
import type { JournalOp } from "./journal-op.ts";

/** "SLJF" */
export const frameMagic = 0x534c4a46;
export const frameVersion = 1;
export const frameHeaderBytes = 48;

/** The first 48 bytes of a frame. They keep their layout in every format version, so that an unknown version is told from damage. */
export interface FrameHeader {
  readonly version: number;
  readonly journalId: bigint;
  /** Of the frame's first byte, counted from the journal's. */
  readonly position: number;
  readonly opsBytes: number;
  readonly payloadBytes: number;
  readonly opsChecksum: number;
}

/** Builds frames one after another in the same buffer, which grows to what the largest one needed. */
export class FrameWriter {
  readonly #ops = new OpWriter(frameHeaderBytes);
  readonly #journalId: bigint;

  constructor(journalId: bigint) {
    this.#journalId = journalId;
  }

  /**
   * Header, operations and payload as buffers to write in this order. They are good until the next call.
   * @param inlineBytesMax payloads up to this size are copied behind the operations, so that one buffer is written
   */
  encode(position: number, ops: readonly JournalOp[], payload: readonly Uint8Array[], inlineBytesMax: number): readonly Uint8Array[] {
    const writer = this.#ops;
    writer.reset();
    for (const op of ops) writer.write(op);
    const end = writer.position;
    let payloadBytes = 0;
    for (const bytes of payload) payloadBytes += bytes.length;
    const opsChecksum = crc32c(writer.bytes.subarray(frameHeaderBytes, end));
    const isInline = payloadBytes <= inlineBytesMax;
    if (isInline) for (const bytes of payload) writer.raw(bytes);
    const head = writer.bytes.subarray(0, isInline ? writer.position : end);
    head.writeUInt32BE(frameMagic, 0);
    head.writeUInt32BE(frameVersion << 24, 4);
    head.writeBigUInt64BE(this.#journalId, 8);
    head.writeBigUInt64BE(BigInt(position), 16);
    head.writeUInt32BE(end - frameHeaderBytes, 24);
    head.writeBigUInt64BE(BigInt(payloadBytes), 28);
    head.writeUInt32BE(opsChecksum, 36);
    head.writeUInt32BE(0, 40);
    head.writeUInt32BE(crc32c(head.subarray(0, 44)), 44);
    return isInline ? [head] : [head, ...payload];
  }
}

/** The header at the start of the bytes, whatever its version, journal and position; undefined when they hold none. */
export function decodeFrameHeader(bytes: Uint8Array): FrameHeader | undefined {
  if (bytes.length < frameHeaderBytes) return undefined;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, frameHeaderBytes);
  if (view.readUInt32BE(0) !== frameMagic || view.readUInt32BE(44) !== crc32c(view.subarray(0, 44))) return undefined;
  return {
    version: view.readUInt8(4),
    journalId: view.readBigUInt64BE(8),
    position: Number(view.readBigUInt64BE(16)),
    opsBytes: view.readUInt32BE(24),
    payloadBytes: Number(view.readBigUInt64BE(28)),
    opsChecksum: view.readUInt32BE(36),
  };
}

/** The operations of a frame; undefined when their checksum is wrong. @throws unsupported_version for an operation that is not known */
export function decodeFrameOps(header: FrameHeader, bytes: Uint8Array): readonly JournalOp[] | undefined {
  if (bytes.length !== header.opsBytes || crc32c(bytes) !== header.opsChecksum) return undefined;
  return decodeOps(bytes);
}

/** @throws unsupported_version */
export function checkFrameVersion(header: FrameHeader, place: string): void {
  if (header.version === frameVersion) return;
  throw new LogError(
    "unsupported_version",
    `${place} holds a frame of format version ${header.version}; this build knows version ${frameVersion}: start the build that wrote it.`,
  );
}
