/** Writes numbers (big-endian), texts and bytes one after another into a buffer that grows. */
export class ByteWriter {
  bytes: Buffer;
  position: number;
  readonly #start: number;

  /** @param start where the first byte goes */
  constructor(start = 0, capacity = 16 * 1024) {
    this.#start = start;
    this.position = start;
    this.bytes = Buffer.allocUnsafeSlow(capacity);
  }

  reset(): void {
    this.position = this.#start;
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.bytes.set(bytes, this.position);
    this.position += bytes.length;
  }

  u8(value: number): void {
    this.#room(1);
    this.position = this.bytes.writeUInt8(value, this.position);
  }

  u16(value: number): void {
    this.#room(2);
    this.position = this.bytes.writeUInt16BE(value, this.position);
  }

  u32(value: number): void {
    this.#room(4);
    this.position = this.bytes.writeUInt32BE(value, this.position);
  }

  /** A safe integer that is not negative. */
  u64(value: number): void {
    this.u32(Math.floor(value / 0x1_0000_0000));
    this.u32(value % 0x1_0000_0000);
  }

  i64(value: bigint): void {
    this.#room(8);
    this.position = this.bytes.writeBigInt64BE(value, this.position);
  }

  text(value: string): void {
    const bytes = Buffer.byteLength(value);
    this.u32(bytes);
    this.#room(bytes);
    this.bytes.write(value, this.position);
    this.position += bytes;
  }

  #room(bytes: number): void {
    if (this.position + bytes <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.position + bytes));
    grown.set(this.bytes.subarray(0, this.position));
    this.bytes = grown;
  }
}
