import { utf8Bytes } from "./item-size.ts";
import { refused } from "./refused.ts";

export type TokenKind = "word" | "name" | "value" | "index" | "sign" | "end";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const expressionBytesMax = 4_096;
const rule = /\s*(?:([A-Za-z][A-Za-z0-9_]*)|(#[A-Za-z0-9_]+)|(:[A-Za-z0-9_]+)|(0|[1-9]\d*)|(<>|<=|>=|[=<>()[\].,+-]))/y;
const kinds = ["word", "name", "value", "index", "sign"] as const;
const end: Token = { kind: "end", text: "<EOF>" };

/** The tokens of an expression, one after the other. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(expression: string) {
    if (expression.trim() === "") throw refused("The expression can not be empty;");
    const bytes = utf8Bytes(expression);
    if (bytes > expressionBytesMax) throw refused(`Expression size has exceeded the maximum allowed size; expression size: ${bytes}`);
    this.#tokens = tokensOf(expression.trimEnd());
  }

  get next(): Token {
    return this.#tokens[this.#at] ?? end;
  }

  /** The token after the next one. */
  get second(): Token {
    return this.#tokens[this.#at + 1] ?? end;
  }

  take(): Token {
    const token = this.next;
    this.#at++;
    return token;
  }

  /** Takes the next token if it is this sign. */
  accepts(sign: string): boolean {
    if (this.next.kind !== "sign" || this.next.text !== sign) return false;
    this.#at++;
    return true;
  }

  /** Takes the next token if it is this keyword, in any case. */
  acceptsWord(keyword: string): boolean {
    if (this.next.kind !== "word" || this.next.text.toUpperCase() !== keyword) return false;
    this.#at++;
    return true;
  }

  expects(sign: string): void {
    if (!this.accepts(sign)) throw this.syntaxError();
  }

  expectsEnd(): void {
    if (this.next.kind !== "end") throw this.syntaxError();
  }

  syntaxError(): Error {
    return refused(`Syntax error; token: "${this.next.text}", near: "${this.#tokens[this.#at - 1]?.text ?? ""} ${this.next.text}"`);
  }
}

function tokensOf(expression: string): Token[] {
  const tokens: Token[] = [];
  rule.lastIndex = 0;
  while (rule.lastIndex < expression.length) {
    const at = rule.lastIndex;
    const match = rule.exec(expression);
    if (match === null) throw refused(`Syntax error; token: "${expression.slice(at, at + 10).trim()}"`);
    const group = match.slice(1).findIndex((text) => text !== undefined);
    tokens.push({ kind: kinds[group] ?? "sign", text: match[group + 1] ?? "" });
  }
  return tokens;
}
