import { isObject } from "./is-object.ts";
import { operatorNames } from "./operators.ts";
import type { Place } from "./place.ts";

export type Test<T> = (subject: T) => boolean;

/** The test of one field of a pattern's object. @throws invalid_config */
export type CompileField<T> = (name: string, pattern: unknown, at: Place) => Test<T>;

/** A pattern's object: all its fields have to match, and of each `$or` one of its objects. @throws invalid_config */
export function fieldsTest<T>(pattern: object, at: Place, field: CompileField<T>): Test<T> {
  const tests = Object.entries(pattern).map(([name, inner]) =>
    name === "$or" ? orTest(inner, at.field(name), field) : field(name, inner, at.field(name)),
  );
  const [only] = tests;
  if (only === undefined) throw at.error("must not be an empty object: name what has to match.");
  if (tests.length === 1) return only;
  return (subject) => {
    for (const test of tests) if (!test(subject)) return false;
    return true;
  };
}

function orTest<T>(list: unknown, at: Place, field: CompileField<T>): Test<T> {
  if (!Array.isArray(list) || list.length < 2) throw at.error("has to be an array of two objects or more.");
  const tests = list.map((item: unknown, index) => {
    const within = at.item(index);
    if (!isObject(item)) throw within.error("has to be an object.");
    const reserved = Object.keys(item).find((name) => operatorNames.has(name));
    if (reserved !== undefined) throw within.error(`"${reserved}" is an operator: $or takes objects with fields.`);
    return fieldsTest(item, within, field);
  });
  return (subject) => {
    for (const test of tests) if (test(subject)) return true;
    return false;
  };
}
