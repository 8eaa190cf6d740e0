import { refused } from "./refused.ts";
import type { SetOperand, UpdateTree } from "./syntax.ts";
import { checkDistinct, PartReader } from "./terms.ts";
import type { TermUse } from "./terms.ts";
import { TokenReader } from "./tokens.ts";
import { typeOf } from "./values.ts";

/** Reads an UpdateExpression of SET and REMOVE clauses. @throws StoreFault for what can be seen to be wrong without an item */
export function parseUpdate(expression: string, terms: TermUse): UpdateTree {
  const tokens = new TokenReader(expression);
  const parts = new PartReader(tokens, terms);
  const parser = new UpdateParser(parts);
  let sets: UpdateTree["sets"] | undefined;
  let removes: UpdateTree["removes"] | undefined;
  while (tokens.next.kind !== "end") {
    if (tokens.acceptsWord("SET")) {
      if (sets !== undefined) throw refused('The "SET" section can only be used once in an update expression;');
      sets = listOf(tokens, () => parser.assignment());
    } else if (tokens.acceptsWord("REMOVE")) {
      if (removes !== undefined) throw refused('The "REMOVE" section can only be used once in an update expression;');
      removes = listOf(tokens, () => parts.path());
    } else throw tokens.syntaxError();
  }
  return { sets: sets ?? [], removes: removes ?? [] };
}

class UpdateParser {
  readonly #parts: PartReader;

  constructor(parts: PartReader) {
    this.#parts = parts;
  }

  assignment(): UpdateTree["sets"][number] {
    const path = this.#parts.path();
    this.#parts.tokens.expects("=");
    return { path, value: this.#value() };
  }

  #value(): SetOperand {
    const parts = this.#parts;
    const { tokens } = parts;
    if (parts.acceptsCall("list_append")) return this.#listAppend();
    const left = this.#operand();
    const sign = tokens.next.kind === "sign" ? tokens.next.text : "";
    if (sign !== "+" && sign !== "-") return left;
    tokens.take();
    parts.countOperator();
    const right = this.#operand();
    for (const each of [left, right]) checkType(sign, each, "N");
    return { kind: "sum", sign: sign === "+" ? 1n : -1n, left, right };
  }

  /** The one function that stands alone: in no other's operand, and in no sum. */
  #listAppend(): SetOperand {
    const { tokens } = this.#parts;
    const left = this.#operand();
    tokens.expects(",");
    const right = this.#operand();
    tokens.expects(")");
    for (const each of [left, right]) checkType("list_append", each, "L");
    return { kind: "list_append", left, right };
  }

  #operand(): SetOperand {
    const parts = this.#parts;
    const { tokens } = parts;
    if (parts.acceptsCall("if_not_exists")) {
      const path = parts.path();
      tokens.expects(",");
      const otherwise = this.#operand();
      tokens.expects(")");
      checkDistinct("if_not_exists", { kind: "path", path }, otherwise);
      return { kind: "if_not_exists", path, otherwise };
    }
    return parts.isValueNext ? parts.value() : parts.pathOperand();
  }
}

function listOf<T>(tokens: TokenReader, read: () => T): T[] {
  const all = [read()];
  while (tokens.accepts(",")) all.push(read());
  return all;
}

function checkType(operator: string, operand: SetOperand, type: "N" | "L"): void {
  if (operand.kind !== "value" || typeOf(operand.value) === type) return;
  throw refused(
    `Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${typeOf(operand.value)}`,
  );
}
