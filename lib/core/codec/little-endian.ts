import { byteAt } from "./bytes.ts";

/** What the decoders of LZ4 and Snappy share. */

export function readLittle16(bytes: Uint8Array, position: number): number {
  return byteAt(bytes, position) | (byteAt(bytes, position + 1) << 8);
}

/** Unsigned. */
export function readLittle32(bytes: Uint8Array, position: number): number {
  return (readLittle16(bytes, position) | (readLittle16(bytes, position + 2) << 16)) >>> 0;
}

/** Repeats what was written `distance` bytes ago; the run may overlap itself. */
export function copyWithin(output: Uint8Array, position: number, distance: number, length: number): void {
  if (length > 64 && distance >= length) {
    output.copyWithin(position, position - distance, position - distance + length);
    return;
  }
  for (let i = position; i < position + length; i++) output[i] = byteAt(output, i - distance);
}
