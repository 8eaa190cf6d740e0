import { ipRange } from "./ip-range.ts";
import { isObject } from "./is-object.ts";
import type { Place } from "./place.ts";
import { foldCase, type TextTest, WildcardFault, wildcard } from "./text-tests.ts";

export type LeafTest = (leaf: unknown) => boolean;

/** What one operator asks of a field. */
export type Operator =
  | { readonly kind: "exists"; readonly wanted: boolean }
  /** `scalar`: it is about a number, so that a text that is one is read as one. */
  | { readonly kind: "text" | "scalar"; readonly test: LeafTest };

type Compile = (argument: unknown, at: Place) => Operator;

/** EventBridge's operators. */
const operators: ReadonlyMap<string, Compile> = new Map<string, Compile>([
  ["prefix", (argument, at) => onText(affixTest("prefix", argument, at))],
  ["suffix", (argument, at) => onText(affixTest("suffix", argument, at))],
  ["equals-ignore-case", (argument, at) => onText(sameButCase(textOf(argument, at)))],
  ["wildcard", (argument, at) => onText(wildcardTest(textOf(argument, at), at))],
  ["cidr", (argument, at) => onText(cidrTest(textOf(argument, at), at))],
  ["numeric", (argument, at) => ({ kind: "scalar", test: numericTest(argument, at) })],
  ["exists", existsOperator],
  ["anything-but", anythingBut],
]);

export const operatorNames: ReadonlySet<string> = new Set(operators.keys());

/** `{ "<operator>": <argument> }`. @throws invalid_config */
export function operatorOf(expression: object, at: Place): Operator {
  const [name, argument] = onlyMember(expression, at);
  const compile = operators.get(name);
  if (compile === undefined) throw at.error(`"${name}" is no operator: use one of ${[...operators.keys()].join(", ")}.`);
  return compile(argument, at.field(name));
}

function onlyMember(expression: object, at: Place): readonly [string, unknown] {
  const members = Object.entries(expression);
  const [first] = members;
  if (first === undefined || members.length > 1) throw at.error(`has ${members.length} operators: an object here has exactly one.`);
  return first;
}

function onText(test: TextTest): Operator {
  return { kind: "text", test: (leaf) => typeof leaf === "string" && test(leaf) };
}

function textOf(argument: unknown, at: Place): string {
  if (typeof argument !== "string") throw at.error("has to be a string.");
  return argument;
}

function affixTest(side: "prefix" | "suffix", argument: unknown, at: Place): TextTest {
  if (!isObject(argument)) {
    const affix = textOf(argument, at);
    return side === "prefix" ? (text) => text.startsWith(affix) : (text) => text.endsWith(affix);
  }
  const [name, value] = onlyMember(argument, at);
  if (name !== "equals-ignore-case") throw at.error('has to be a string, or an object with "equals-ignore-case".');
  const affix = foldCase(textOf(value, at.field(name)));
  return side === "prefix" ? (text) => foldCase(text).startsWith(affix) : (text) => foldCase(text).endsWith(affix);
}

function sameButCase(wanted: string): TextTest {
  const folded = foldCase(wanted);
  return (text) => foldCase(text) === folded;
}

function wildcardTest(pattern: string, at: Place): TextTest {
  try {
    return wildcard(pattern);
  } catch (fault) {
    if (fault instanceof WildcardFault) throw at.error(`${fault.message}.`);
    throw fault;
  }
}

function cidrTest(range: string, at: Place): TextTest {
  const test = ipRange(range);
  if (test === undefined) throw at.error(`"${range}" is no range of IP addresses: write one as 10.0.0.0/8 or 2001:db8::/32.`);
  return test;
}

function existsOperator(argument: unknown, at: Place): Operator {
  if (typeof argument !== "boolean") throw at.error("has to be true or false.");
  return { kind: "exists", wanted: argument };
}

const comparisons: ReadonlyMap<unknown, (value: number, bound: number) => boolean> = new Map([
  ["=", (value: number, bound: number) => value === bound],
  ["<", (value: number, bound: number) => value < bound],
  ["<=", (value: number, bound: number) => value <= bound],
  [">", (value: number, bound: number) => value > bound],
  [">=", (value: number, bound: number) => value >= bound],
]);

/** One comparison, or a lower bound and then an upper one. Numbers are compared as doubles, of any size. */
function numericTest(argument: unknown, at: Place): LeafTest {
  if (!Array.isArray(argument)) throw at.error('has to be an array, such as [">", 0, "<=", 5].');
  const [lower, low, upper, high] = argument as unknown[];
  const compareLow = comparisons.get(lower);
  if (compareLow === undefined) throw at.item(0).error('has to be one of "=", "<", "<=", ">", ">=".');
  if (typeof low !== "number") throw at.item(1).error("has to be a number.");
  if (argument.length === 2) return (leaf) => typeof leaf === "number" && compareLow(leaf, low);
  const compareHigh = comparisons.get(upper);
  const isRange = argument.length === 4 && String(lower).startsWith(">") && String(upper).startsWith("<");
  if (!isRange || compareHigh === undefined)
    throw at.error('has to be one comparison, or a range with its lower bound first: [">", 0, "<=", 5].');
  if (typeof high !== "number" || high <= low) throw at.item(3).error("has to be a number above the lower bound.");
  return (leaf) => typeof leaf === "number" && compareLow(leaf, low) && compareHigh(leaf, high);
}

/** Matches what is there and is none of what it lists: also a value of another type. */
function anythingBut(argument: unknown, at: Place): Operator {
  if (isObject(argument)) return anythingLike(argument, at);
  const list = listOf(argument, at);
  const type = typeof list[0];
  if ((type !== "string" && type !== "number") || list.some((value) => typeof value !== type))
    throw at.error("has to be a string, a number, or a list that is all strings or all numbers.");
  const excluded = new Set(list);
  return { kind: type === "number" ? "scalar" : "text", test: (leaf) => !excluded.has(leaf) };
}

function anythingLike(argument: object, at: Place): Operator {
  const [name, value] = onlyMember(argument, at);
  const within = at.field(name);
  const texts = listOf(value, within).map((text) => textOf(text, within));
  const tests = texts.map((text) => {
    switch (name) {
      case "prefix":
      case "suffix":
        if (text === "") throw within.error("must not be empty: every text begins and ends with it.");
        return affixTest(name, text, within);
      case "equals-ignore-case":
        return sameButCase(text);
      case "wildcard":
        return wildcardTest(text, within);
      default:
        throw at.error(`"${name}" cannot be used within anything-but: prefix, suffix, equals-ignore-case and wildcard can.`);
    }
  });
  return { kind: "text", test: (leaf) => typeof leaf !== "string" || !tests.some((test) => test(leaf)) };
}

function listOf(argument: unknown, at: Place): readonly unknown[] {
  const list: readonly unknown[] = Array.isArray(argument) ? argument : [argument];
  if (list.length === 0) throw at.error("must not be an empty list.");
  return list;
}
