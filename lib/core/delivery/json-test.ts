import { fieldsTest, type Test } from "./fields-test.ts";
import { Matchers } from "./matchers.ts";
import { isObject } from "./is-object.ts";
import type { Place } from "./place.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/** An object of a document, and the document. */
interface Spot {
  readonly object: JsonObject;
  readonly document: JsonDocument;
}

/** A document that patterns are held against. */
export class JsonDocument {
  readonly root: JsonObject;
  readonly #absent = new Map<readonly string[], boolean>();

  constructor(root: JsonObject) {
    this.root = root;
  }

  /** Whether the document has no value at a path, in any element of the arrays on the way. Found once for each path. */
  lacks(path: readonly string[]): boolean {
    const known = this.#absent.get(path);
    if (known !== undefined) return known;
    const absent = !hasLeaf(this.root, path, 0);
    this.#absent.set(path, absent);
    return absent;
  }
}

/** Whether a document matches a pattern's object. @throws invalid_config */
export function documentTest(pattern: object, at: Place): Test<JsonDocument> {
  const test = objectTest(pattern, [], at);
  return (document) => test({ object: document.root, document });
}

const nothing: JsonObject = Object.freeze({});

function objectTest(pattern: object, path: readonly string[], at: Place): Test<Spot> {
  return fieldsTest<Spot>(pattern, at, (name, inner, within) => {
    const innerPath = [...path, name];
    if (Array.isArray(inner)) return leafTest(name, innerPath, new Matchers(inner, within));
    if (!isObject(inner)) throw within.error("has to be an array of what matches, or an object of fields.");
    const test = objectTest(inner, innerPath, within);
    return ({ object, document }) => {
      const value = own(object, name);
      if (isObject(value)) return test({ object: value, document });
      const objects = Array.isArray(value) ? elementsOf(value).filter(isObject) : [];
      // One element has to match the whole pattern. Where there is no object, its fields are absent.
      if (objects.length === 0) return test({ object: nothing, document });
      return objects.some((element) => test({ object: element, document }));
    };
  });
}

function leafTest(name: string, path: readonly string[], matchers: Matchers): Test<Spot> {
  return ({ object, document }) => {
    const value = own(object, name);
    if (isLeaf(value) ? matchers.matches(value) : leavesOf(value).some((leaf) => matchers.matches(leaf))) return true;
    return matchers.ifAbsent && document.lacks(path);
  };
}

function hasLeaf(value: unknown, path: readonly string[], depth: number): boolean {
  if (Array.isArray(value)) return elementsOf(value).some((element) => hasLeaf(element, path, depth));
  if (depth === path.length) return isLeaf(value);
  return isObject(value) && hasLeaf(own(value, path[depth] as string), path, depth + 1);
}

/** Data may have fields with the names of what every object inherits. */
function own(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function isLeaf(value: unknown): boolean {
  return value === null || (value !== undefined && typeof value !== "object");
}

function leavesOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? elementsOf(value).filter(isLeaf) : [];
}

/** The elements of an array and of arrays within it. By a stack of its own: data may nest deeper than calls can. */
function elementsOf(array: readonly unknown[]): readonly unknown[] {
  if (!array.some(Array.isArray)) return array;
  const elements: unknown[] = [];
  const waiting: unknown[] = [array];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (Array.isArray(value)) for (const element of value as unknown[]) waiting.push(element);
    else elements.push(value);
  }
  return elements;
}
