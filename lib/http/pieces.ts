/** Smaller pieces are gathered as they come: a piece of one byte would take hundreds. */
const smallBytesMax = 2_048;
const roomBytesMax = 64 * 1024;

/** Bytes that come in pieces, to be put together. They take about as much memory as they are, however small the pieces; one piece alone is not copied. */
export class Pieces {
  readonly #pieces: Uint8Array[] = [];
  /** Where small pieces go: the first `#used` bytes are taken. */
  #room: Buffer = Buffer.alloc(0);
  #used = 0;
  bytes = 0;

  add(piece: Uint8Array): void {
    const isFirst = this.bytes === 0;
    this.bytes += piece.length;
    if (isFirst || piece.length > smallBytesMax) {
      this.#leaveRoom();
      this.#pieces.push(piece);
      return;
    }
    if (this.#used + piece.length > this.#room.length) {
      this.#leaveRoom();
      this.#room = Buffer.allocUnsafeSlow(Math.min(roomBytesMax, Math.max(smallBytesMax, this.bytes)));
    }
    this.#room.set(piece, this.#used);
    this.#used += piece.length;
  }

  /** All of them as one, and none are left. */
  take(): Uint8Array {
    this.#leaveRoom();
    const pieces = this.#pieces.splice(0);
    const [first] = pieces;
    const whole = pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces, this.bytes);
    this.bytes = 0;
    return whole;
  }

  #leaveRoom(): void {
    if (this.#used > 0) this.#pieces.push(this.#room.subarray(0, this.#used));
    this.#room = this.#room.subarray(this.#used);
    this.#used = 0;
  }
}
