/** Puts a body's pieces together. A body in one piece, as almost all small ones are, is not copied; one of known length is copied once, as it comes. */
export class BodyCollector {
  readonly #announced: number;
  #whole: Buffer | undefined;
  readonly #pieces: Buffer[] = [];
  bytes = 0;

  /** @param announced the body's length, or undefined when it is not known */
  constructor(announced: number | undefined) {
    this.#announced = announced ?? 0;
  }

  add(piece: Buffer): void {
    if (this.bytes === 0 && piece.length >= this.#announced) this.#pieces.push(piece);
    else if (this.#announced === 0) this.#pieces.push(piece);
    else {
      this.#whole ??= Buffer.allocUnsafeSlow(this.#announced);
      this.#whole.set(piece, this.bytes);
    }
    this.bytes += piece.length;
  }

  body(): Uint8Array {
    if (this.#whole !== undefined) return this.#whole;
    const [first] = this.#pieces;
    return this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces, this.bytes);
  }
}
