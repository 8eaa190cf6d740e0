import { isUtf8 } from "node:buffer";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { code, isDigit, isHexDigit, isSpace, plainInString } from "./characters.ts";

/**
 * A strict reader of JSON text (RFC 8259) as bytes. It knows where in the source each value stands, so that
 * a value can be kept exactly as it was sent: numbers of any size, `1.0`, key order and keys that occur twice.
 * It reads a request of a hundred records faster than `JSON.parse` and an encoder together, because a string
 * without escapes is a slice of the source.
 *
 * Every method throws `invalid_request` with the position of what is wrong.
 */
export class JsonReader {
  readonly source: Buffer;
  pos = 0;
  /** The string that `string()` read last: its bytes without the quotes, and whether it has escapes. */
  stringStart = 0;
  stringEnd = 0;
  stringEscaped = false;
  readonly #end: number;
  /** The source, to look at four bytes at once. */
  readonly #words: DataView;
  /** Open containers of the value that is being skipped: 1 for objects. */
  readonly #open = new Uint8Array(limits.jsonDepthMax);

  constructor(source: Uint8Array) {
    if (!isUtf8(source)) throw new LogError("invalid_request", "The JSON is not UTF-8: send bytes as base64.");
    this.source = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
    this.#words = new DataView(source.buffer, source.byteOffset, source.byteLength);
    this.#end = source.byteLength;
  }

  /** The next byte that is no space, without taking it; -1 at the end. */
  peek(): number {
    const { source } = this;
    const next = source[this.pos];
    if (next !== undefined && next > 0x20) return next;
    let { pos } = this;
    while (pos < this.#end && isSpace(source[pos] ?? 0)) pos++;
    this.pos = pos;
    return source[pos] ?? -1;
  }

  /** Takes the byte if it is the next one. */
  take(byte: number): boolean {
    if (this.peek() !== byte) return false;
    this.pos++;
    return true;
  }

  /** Takes these bytes if they are the next ones, with no space before or in them. */
  takeBytes(bytes: Uint8Array): boolean {
    const { source, pos } = this;
    for (let nth = 0; nth < bytes.length; nth++) if (source[pos + nth] !== bytes[nth]) return false;
    this.pos = pos + bytes.length;
    return true;
  }

  expect(byte: number, what: string): void {
    if (!this.take(byte)) throw this.wrong(what);
  }

  end(): void {
    if (this.peek() !== -1) throw this.wrong("nothing after the JSON value");
  }

  /** Takes `,` and says that another element follows, or takes the closing byte. */
  another(closing: number): boolean {
    if (this.take(code.comma)) return true;
    if (this.take(closing)) return false;
    throw this.wrong(`"," or "${String.fromCharCode(closing)}"`);
  }

  /** Takes a string. */
  string(): void {
    this.expect(code.quote, "a string");
    const { source } = this;
    const words = this.#words;
    const wordsEnd = this.#end - 3;
    const start = this.pos;
    let pos = start;
    let escaped = false;
    for (;;) {
      while (pos < wordsEnd && isPlainWord(words.getInt32(pos, true))) pos += 4;
      while (plainInString[source[pos] ?? 0] === 1) pos++;
      const byte = source[pos];
      if (byte === code.quote) break;
      if (byte === undefined) throw this.wrong("the end of a string", pos);
      if (byte !== code.backslash) throw this.wrong("control characters in strings to be escaped", pos);
      escaped = true;
      pos = this.#escape(pos + 1);
    }
    this.stringStart = start;
    this.stringEnd = pos;
    this.stringEscaped = escaped;
    this.pos = pos + 1;
  }

  /** The text of the string that was read last. Refuses lone surrogates: no bytes stand for them. */
  stringText(): string {
    if (!this.stringEscaped) return this.source.toString("utf8", this.stringStart, this.stringEnd);
    const text = JSON.parse(this.source.toString("utf8", this.stringStart - 1, this.stringEnd + 1)) as string;
    if (!text.isWellFormed()) throw this.wrong("no lone surrogates in strings (they have no UTF-8)", this.stringStart);
    return text;
  }

  /** The UTF-8 bytes of the string that was read last: a slice of the source when it has no escapes. */
  stringBytes(): Uint8Array {
    return this.stringEscaped ? Buffer.from(this.stringText()) : this.#slice(this.stringStart, this.stringEnd);
  }

  /** Whether the string that was read last is this one, which is ASCII. */
  stringIs(name: string): boolean {
    if (this.stringEscaped) return this.stringText() === name;
    const start = this.stringStart;
    if (this.stringEnd - start !== name.length) return false;
    for (let index = 0; index < name.length; index++) if (this.source[start + index] !== name.charCodeAt(index)) return false;
    return true;
  }

  /** Takes one value of any kind and gives its source, without spaces around it. */
  value(): Uint8Array {
    this.peek();
    const start = this.pos;
    this.skip();
    return this.#slice(start, this.pos);
  }

  /** Takes one value of any kind, nested at most `limits.jsonDepthMax` deep. */
  skip(): void {
    let depth = 0;
    for (;;) {
      const byte = this.peek();
      if (byte === code.openObject || byte === code.openArray) {
        if (depth === this.#open.length) throw this.wrong(`at most ${limits.jsonDepthMax} levels of nesting`);
        this.pos++;
        const isObject = byte === code.openObject;
        if (!this.take(isObject ? code.closeObject : code.closeArray)) {
          this.#open[depth++] = isObject ? 1 : 0;
          if (isObject) this.#name();
          continue;
        }
      } else this.#scalar(byte);
      depth = this.#close(depth);
      if (depth === 0) return;
    }
  }

  /** Takes a number and gives it as JavaScript has it. */
  number(): number {
    this.peek();
    const start = this.pos;
    this.#number();
    return Number(this.source.toString("latin1", start, this.pos));
  }

  /** Takes `null` if it is next. */
  takeNull(): boolean {
    if (this.peek() !== code.n) return false;
    this.#literal("null");
    return true;
  }

  wrong(wanted: string, at = this.pos): LogError {
    const where = at >= this.#end ? "at its end" : `at byte ${at}`;
    return new LogError("invalid_request", `The JSON is wrong ${where}: wanted ${wanted}.`, { details: { position: at } });
  }

  /** After a value: closes what ends here. @returns the depth at which the next value stands, 0 when the whole value is done */
  #close(depth: number): number {
    let open = depth;
    while (open > 0) {
      const isObject = this.#open[open - 1] === 1;
      if (this.another(isObject ? code.closeObject : code.closeArray)) {
        if (isObject) this.#name();
        return open;
      }
      open--;
    }
    return 0;
  }

  /** Plain bytes: they are made faster than a Buffer is. */
  #slice(start: number, end: number): Uint8Array {
    return new Uint8Array(this.source.buffer, this.source.byteOffset + start, end - start);
  }

  #name(): void {
    this.string();
    this.expect(code.colon, '":"');
  }

  #scalar(byte: number): void {
    if (byte === code.quote) this.string();
    else if (byte === code.t) this.#literal("true");
    else if (byte === code.f) this.#literal("false");
    else if (byte === code.n) this.#literal("null");
    else if (byte === code.minus || isDigit(byte)) this.#number();
    else throw this.wrong("a value");
  }

  #literal(word: string): void {
    for (let index = 0; index < word.length; index++) {
      if (this.source[this.pos + index] !== word.charCodeAt(index)) throw this.wrong(word);
    }
    this.pos += word.length;
  }

  #number(): void {
    const { source } = this;
    let { pos } = this;
    if (source[pos] === code.minus) pos++;
    if (source[pos] === code.zero) pos++;
    else pos = this.#digits(pos);
    if (source[pos] === code.dot) pos = this.#digits(pos + 1);
    if (source[pos] === code.e || source[pos] === code.capitalE) {
      pos++;
      if (source[pos] === code.plus || source[pos] === code.minus) pos++;
      pos = this.#digits(pos);
    }
    this.pos = pos;
  }

  #digits(start: number): number {
    let pos = start;
    while (isDigit(this.source[pos] ?? 0)) pos++;
    if (pos === start) throw this.wrong("a number", start);
    return pos;
  }

  /** @param at the byte after the backslash @returns the one after the escape */
  #escape(at: number): number {
    const byte = this.source[at] ?? 0;
    if (byte !== code.u) {
      if (!'"\\/bfnrt'.includes(String.fromCharCode(byte))) throw this.wrong("an escape that JSON has", at);
      return at + 1;
    }
    for (let index = at + 1; index <= at + 4; index++) {
      if (!isHexDigit(this.source[index] ?? 0)) throw this.wrong("four hexadecimal digits", index);
    }
    return at + 5;
  }
}

/** Whether none of four bytes is a quote, a backslash or a control character. (May say no for a byte that follows one of those.) */
function isPlainWord(word: number): boolean {
  const quotes = word ^ 0x22222222;
  const backslashes = word ^ 0x5c5c5c5c;
  const hits = ((quotes - 0x01010101) & ~quotes) | ((backslashes - 0x01010101) & ~backslashes) | ((word - 0x20202020) & ~word);
  return (hits & 0x80808080) === 0;
}
