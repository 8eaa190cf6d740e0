/** Reads back what `ByteWriter` wrote. @throws RangeError past the end */
export class ByteReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#move(1));
  }

  u16(): number {
    return this.#bytes.readUInt16BE(this.#move(2));
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#move(4));
  }

  u64(): number {
    const high = this.u32();
    return high * 0x1_0000_0000 + this.u32();
  }

  i64(): bigint {
    return this.#bytes.readBigInt64BE(this.#move(8));
  }

  text(): string {
    const length = this.u32();
    const start = this.#move(length);
    if (start + length > this.#bytes.length) throw new RangeError("text past the end");
    return this.#bytes.toString("utf8", start, start + length);
  }

  #move(bytes: number): number {
    const start = this.#position;
    this.#position += bytes;
    return start;
  }
}
