import { isObject } from "./is-object.ts";
import { type LeafTest, operatorOf } from "./operators.ts";
import type { Place } from "./place.ts";

/** A number, boolean or null as JSON writes it. */
const scalarText = /^[ \t\n\r]*(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)[ \t\n\r]*$/;

/** What a pattern's array asks of a field: one of its matchers is enough. */
export class Matchers {
  /** Whether a field that is not there matches. */
  readonly ifAbsent: boolean;
  /** Whether a field matches that is there, whatever it has. */
  readonly ifPresent: boolean;
  readonly #literals = new Set<unknown>();
  readonly #onText: readonly LeafTest[];
  readonly #onScalars: readonly LeafTest[];
  /** Whether a text has to be looked at as the number, boolean or null that it may be. */
  readonly #readsScalars: boolean;

  /** @throws invalid_config */
  constructor(list: readonly unknown[], at: Place) {
    if (list.length === 0) throw at.error("must not be an empty array: it would match nothing.");
    const onText: LeafTest[] = [];
    const onScalars: LeafTest[] = [];
    const exists: boolean[] = [];
    for (const [index, item] of list.entries()) {
      if (Array.isArray(item)) throw at.item(index).error("must not be an array within an array.");
      if (!isObject(item)) {
        this.#literals.add(item);
        continue;
      }
      const operator = operatorOf(item, at.item(index));
      if (operator.kind === "exists") exists.push(operator.wanted);
      else (operator.kind === "text" ? onText : onScalars).push(operator.test);
    }
    this.ifAbsent = exists.includes(false);
    this.ifPresent = exists.includes(true);
    this.#onText = onText;
    this.#onScalars = onScalars;
    this.#readsScalars =
      onScalars.length > 0 || list.some((item) => item === null || typeof item === "number" || typeof item === "boolean");
  }

  /** A string, number, boolean or null that is there. */
  matches(leaf: unknown): boolean {
    return this.ifPresent || this.#literals.has(leaf) || anyOf(this.#onText, leaf) || anyOf(this.#onScalars, leaf);
  }

  /** A text that is there. Matchers about numbers, booleans and null see what it is as JSON, the others the text. */
  matchesText(text: string): boolean {
    if (this.ifPresent || this.#literals.has(text) || anyOf(this.#onText, text)) return true;
    if (!this.#readsScalars) return false;
    const leaf: unknown = scalarText.test(text) ? JSON.parse(text) : text;
    return this.#literals.has(leaf) || anyOf(this.#onScalars, leaf);
  }
}

function anyOf(tests: readonly LeafTest[], leaf: unknown): boolean {
  for (const test of tests) if (test(leaf)) return true;
  return false;
}
