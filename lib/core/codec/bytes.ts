/** Big-endian numbers in bytes. Callers check bounds first; reads past the end give nonsense, never an exception. */

export function byteAt(bytes: Uint8Array, position: number): number {
  return bytes[position] as number;
}

export function readInt16(bytes: Uint8Array, position: number): number {
  return ((byteAt(bytes, position) << 24) >> 16) | byteAt(bytes, position + 1);
}

export function readInt32(bytes: Uint8Array, position: number): number {
  return (
    (byteAt(bytes, position) << 24) | (byteAt(bytes, position + 1) << 16) | (byteAt(bytes, position + 2) << 8) | byteAt(bytes, position + 3)
  );
}

export function readUint32(bytes: Uint8Array, position: number): number {
  return readInt32(bytes, position) >>> 0;
}

/** A 64-bit integer as a number; not a safe integer when it does not fit one. */
export function readInt64(bytes: Uint8Array, position: number): number {
  return readInt32(bytes, position) * 0x1_0000_0000 + readUint32(bytes, position + 4);
}

export function readBigInt64(bytes: Uint8Array, position: number): bigint {
  const value = readInt64(bytes, position);
  if (Number.isSafeInteger(value)) return BigInt(value);
  return (BigInt(readInt32(bytes, position)) << 32n) | BigInt(readUint32(bytes, position + 4));
}

export function writeInt16(bytes: Uint8Array, position: number, value: number): void {
  bytes[position] = value >> 8;
  bytes[position + 1] = value;
}

/** Signed or unsigned: the low 32 bits are written. */
export function writeInt32(bytes: Uint8Array, position: number, value: number): void {
  bytes[position] = value >> 24;
  bytes[position + 1] = value >> 16;
  bytes[position + 2] = value >> 8;
  bytes[position + 3] = value;
}

/** @param value a safe integer */
export function writeInt64(bytes: Uint8Array, position: number, value: number): void {
  writeInt32(bytes, position, Math.floor(value / 0x1_0000_0000));
  writeInt32(bytes, position + 4, value);
}

export function writeBigInt64(bytes: Uint8Array, position: number, value: bigint): void {
  writeInt32(bytes, position, Number(BigInt.asIntN(32, value >> 32n)));
  writeInt32(bytes, position + 4, Number(BigInt.asIntN(32, value)));
}

/** Short runs by hand: a call of `set` costs more than they do. */
export function copyBytes(target: Uint8Array, position: number, source: Uint8Array): void {
  const { length } = source;
  if (length > 24) {
    target.set(source, position);
    return;
  }
  for (let i = 0; i < length; i++) target[position + i] = byteAt(source, i);
}

/** Bytes one after the other; the same ones, and no copy, when there is one run of them. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}
