import { Pieces } from "../http/pieces.ts";

/** Puts a body's pieces together. A body in one piece, as almost all small ones are, is not copied; one of known length is copied once, as it comes. */
export class BodyCollector {
  readonly #announced: number;
  #whole: Buffer | undefined;
  readonly #pieces = new Pieces();
  bytes = 0;

  /** @param announced the body's length, or undefined when it is not known */
  constructor(announced: number | undefined) {
    this.#announced = announced ?? 0;
  }

  add(piece: Buffer): void {
    if (this.#announced === 0 || (this.bytes === 0 && piece.length >= this.#announced)) this.#pieces.add(piece);
    else {
      this.#whole ??= Buffer.allocUnsafeSlow(this.#announced);
      this.#whole.set(piece, this.bytes);
    }
    this.bytes += piece.length;
  }

  body(): Uint8Array {
    return this.#whole ?? this.#pieces.take();
  }
}
