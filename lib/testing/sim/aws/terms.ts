import type { Terms, Value } from "../../../engines/aws/table.ts";
import { entry, stored } from "./values.ts";
import { refused } from "./refused.ts";
import { isReserved } from "./reserved-words.ts";
import type { Operand, Path, PathOperand, SetOperand, ValueOperand } from "./syntax.ts";
import type { TokenReader } from "./tokens.ts";

const operatorsMax = 300;

/** The names and values that one request's expressions share. Each has to be used. */
export class TermUse {
  readonly #terms: Terms;
  readonly #used = new Set<string>();

  constructor(terms: Terms) {
    this.#terms = terms;
  }

  name(placeholder: string): string {
    this.#used.add(placeholder);
    const { names = {} } = this.#terms;
    const name = Object.hasOwn(names, placeholder) ? names[placeholder] : undefined;
    if (name === undefined)
      throw refused(`An expression attribute name used in the document path is not defined; attribute name: ${placeholder}`);
    return name;
  }

  value(placeholder: string): Value {
    this.#used.add(placeholder);
    const value = entry(this.#terms.values ?? {}, placeholder);
    if (value === undefined)
      throw refused(`An expression attribute value used in expression is not defined; attribute value: ${placeholder}`);
    return stored(value);
  }

  /** To be called when all expressions have been read. */
  checkAllUsed(): void {
    const { names = {}, values = {} } = this.#terms;
    const unused = [...Object.keys(names), ...Object.keys(values)].filter((placeholder) => !this.#used.has(placeholder));
    if (unused.length > 0) throw refused(`Names or values provided are unused in expressions: keys: {${unused.join(", ")}}`);
  }
}

/** Reads what all expressions are made of, and counts operators and functions: there may be 300. */
export class PartReader {
  readonly tokens: TokenReader;
  readonly #terms: TermUse;
  #operators = 0;

  constructor(tokens: TokenReader, terms: TermUse) {
    this.tokens = tokens;
    this.#terms = terms;
  }

  countOperator(): void {
    if (++this.#operators > operatorsMax) throw refused(`The expression has more than ${operatorsMax} operators or functions.`);
  }

  get isValueNext(): boolean {
    return this.tokens.next.kind === "value";
  }

  /** Takes the function's name and the parenthesis if it is called here. */
  acceptsCall(name: string): boolean {
    const { tokens } = this;
    if (tokens.next.kind !== "word" || tokens.next.text !== name || tokens.second.text !== "(") return false;
    tokens.take();
    tokens.take();
    this.countOperator();
    return true;
  }

  value(): ValueOperand {
    return { kind: "value", value: this.#terms.value(this.tokens.take().text) };
  }

  pathOperand(): PathOperand {
    return { kind: "path", path: this.path() };
  }

  path(): Path {
    const { tokens } = this;
    const steps: (string | number)[] = [this.#nameStep()];
    for (;;) {
      if (tokens.accepts(".")) steps.push(this.#nameStep());
      else if (tokens.accepts("[")) {
        if (tokens.next.kind !== "index") throw tokens.syntaxError();
        steps.push(Number(tokens.take().text));
        tokens.expects("]");
      } else return steps;
    }
  }

  #nameStep(): string {
    const { tokens } = this;
    const { kind, text } = tokens.next;
    if (kind === "value") throw refused(`Operator or function requires a document path, not ${text}`);
    if (kind !== "word" && kind !== "name") throw tokens.syntaxError();
    if (kind === "word" && (isReserved(text) || text.toUpperCase() === "REMOVE"))
      throw refused(`Attribute name is a reserved keyword; reserved keyword: ${text}`);
    tokens.take();
    return kind === "name" ? this.#terms.name(text) : text;
  }
}

/** One place on both sides is refused, as it says nothing. */
export function checkDistinct(operator: string, left: Operand | SetOperand, right: Operand | SetOperand): void {
  if (left.kind !== "path" || right.kind !== "path" || JSON.stringify(left.path) !== JSON.stringify(right.path)) return;
  throw refused(`The first operand must be distinct from the remaining operands for this operator or function; operator: ${operator}`);
}
