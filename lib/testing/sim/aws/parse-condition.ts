import { refused } from "./refused.ts";
import type { Comparator, ConditionNode, Operand } from "./syntax.ts";
import { checkDistinct, PartReader } from "./terms.ts";
import type { TermUse } from "./terms.ts";
import { TokenReader } from "./tokens.ts";
import { compare, typeOf } from "./values.ts";

const comparators: readonly string[] = ["=", "<>", "<", "<=", ">", ">="] satisfies Comparator[];

/** Reads a ConditionExpression. @throws StoreFault for what can be seen to be wrong without an item */
export function parseCondition(expression: string, terms: TermUse): ConditionNode {
  const tokens = new TokenReader(expression);
  const condition = new ConditionParser(new PartReader(tokens, terms)).or();
  tokens.expectsEnd();
  return condition;
}

class ConditionParser {
  readonly #parts: PartReader;
  /** What stood in parentheses: a second pair around it is refused. */
  readonly #grouped = new Set<ConditionNode>();

  constructor(parts: PartReader) {
    this.#parts = parts;
  }

  or(): ConditionNode {
    let left = this.#and();
    while (this.#parts.tokens.acceptsWord("OR")) {
      this.#parts.countOperator();
      left = { kind: "or", left, right: this.#and() };
    }
    return left;
  }

  #and(): ConditionNode {
    let left = this.#not();
    while (this.#parts.tokens.acceptsWord("AND")) {
      this.#parts.countOperator();
      left = { kind: "and", left, right: this.#not() };
    }
    return left;
  }

  #not(): ConditionNode {
    const { tokens } = this.#parts;
    if (tokens.acceptsWord("NOT")) {
      this.#parts.countOperator();
      return { kind: "not", inner: this.#not() };
    }
    if (!tokens.accepts("(")) return this.#predicate();
    const inner = this.or();
    tokens.expects(")");
    if (this.#grouped.has(inner)) throw refused("The expression has redundant parentheses;");
    this.#grouped.add(inner);
    return inner;
  }

  #predicate(): ConditionNode {
    const parts = this.#parts;
    const { tokens } = parts;
    for (const isWanted of [true, false]) {
      if (!parts.acceptsCall(isWanted ? "attribute_exists" : "attribute_not_exists")) continue;
      const path = parts.path();
      tokens.expects(")");
      return { kind: "exists", path, isWanted };
    }
    if (parts.acceptsCall("begins_with")) {
      const operand = this.#operand();
      tokens.expects(",");
      const start = this.#operand();
      tokens.expects(")");
      checkDistinct("begins_with", operand, start);
      for (const each of [operand, start]) checkType("begins_with", each, "SB");
      return { kind: "begins_with", operand, start };
    }
    const left = this.#operand();
    parts.countOperator();
    if (tokens.acceptsWord("BETWEEN")) return this.#between(left);
    return this.#comparison(left);
  }

  #comparison(left: Operand): ConditionNode {
    const { tokens } = this.#parts;
    const { kind, text } = tokens.next;
    if (kind !== "sign" || !isComparator(text)) throw tokens.syntaxError();
    tokens.take();
    const right = this.#operand();
    checkDistinct(text, left, right);
    if (text !== "=" && text !== "<>") for (const each of [left, right]) checkType(text, each, "SNB");
    return { kind: "compare", comparator: text, left, right };
  }

  #between(operand: Operand): ConditionNode {
    const { tokens } = this.#parts;
    const low = this.#operand();
    if (!tokens.acceptsWord("AND")) throw tokens.syntaxError();
    const high = this.#operand();
    for (const each of [low, high]) checkDistinct("BETWEEN", operand, each);
    for (const each of [operand, low, high]) checkType("BETWEEN", each, "SNB");
    if (low.kind === "value" && high.kind === "value") {
      const order = compare(low.value, high.value);
      if (order === undefined) throw refused("The BETWEEN operator requires same data type for lower and upper bounds");
      if (order > 0) throw refused("The BETWEEN operator requires upper bound to be greater than or equal to lower bound");
    }
    return { kind: "between", operand, low, high };
  }

  #operand(): Operand {
    const parts = this.#parts;
    if (parts.acceptsCall("size")) {
      const path = parts.path();
      parts.tokens.expects(")");
      return { kind: "size", path };
    }
    return parts.isValueNext ? parts.value() : parts.pathOperand();
  }
}

function isComparator(text: string): text is Comparator {
  return comparators.includes(text);
}

/** A value given with the request has to have a type that the operator knows; one of an attribute only makes it false. */
function checkType(operator: string, operand: Operand, types: string): void {
  if (operand.kind !== "value" || types.includes(typeOf(operand.value))) return;
  throw refused(
    `Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${typeOf(operand.value)}`,
  );
}
