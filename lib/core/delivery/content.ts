import { readUtf8 } from "../codec/utf8.ts";
import { JsonDocument } from "./json-test.ts";
import { isObject } from "./is-object.ts";

const openingBrace = 0x7b;
const openingBracket = 0x5b;

/** A key or a value as patterns see it: read when it is first asked for, and once. */
export class Content {
  readonly #bytes: Uint8Array;
  #text: string | undefined;
  #parsed: { readonly value: unknown; readonly document: JsonDocument | undefined } | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** In UTF-8; what is not becomes U+FFFD. */
  get text(): string {
    this.#text ??= readUtf8(this.#bytes, 0, this.#bytes.length);
    return this.#text;
  }

  /** The content, if it is a JSON object. */
  get document(): JsonDocument | undefined {
    return this.#json().document;
  }

  /** Whether the content is a JSON object or array. */
  get isStructure(): boolean {
    return this.#json().value !== undefined;
  }

  #json() {
    if (this.#parsed === undefined) {
      const value = this.#parse();
      this.#parsed = { value, document: isObject(value) ? new JsonDocument(value) : undefined };
    }
    return this.#parsed;
  }

  /** An exception costs more than a look at the first character, which is all that most texts need. */
  #parse(): unknown {
    const first = this.#bytes.find((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
    if (first !== openingBrace && first !== openingBracket) return undefined;
    try {
      return JSON.parse(this.text);
    } catch {
      return undefined;
    }
  }
}
