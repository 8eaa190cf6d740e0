import { readUtf8, utf8Bytes } from "../codec/utf8.ts";
import { LogError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { StoredRecord } from "../record.ts";
import { Content } from "./content.ts";
import { fieldsTest, type Test } from "./fields-test.ts";
import { documentTest } from "./json-test.ts";
import { Matchers } from "./matchers.ts";
import { isObject } from "./is-object.ts";
import { Place } from "./place.ts";

/** What a filter can look at. */
export interface FilterableRecord extends StoredRecord {
  readonly topic: string;
  readonly partition: number;
}

/**
 * Patterns in EventBridge's language, each a JSON object over `key`, `value`, `headers`, `topic`, `partition`, `offset` and
 * `timestamp` (milliseconds). A record passes when one of them matches; without patterns every record does.
 *
 * - `key` and `value`, as Lambda's filters for Kafka: an object is held against content that is a JSON object, an array
 *   against content that is neither a JSON object nor a JSON array; other content does not match. A number, boolean or
 *   null can be matched as that and as text. `exists` alone does not mind what the content is: `false` is a tombstone.
 * - `headers`: an object of names, each with an array for the texts of the headers of that name; one has to match.
 * - Numbers are doubles. Unlike EventBridge's, `numeric` takes any of them, so that offsets and times can be compared.
 * @throws invalid_config, with the place
 */
export function compileFilters(patterns: readonly string[]): (record: FilterableRecord) => boolean {
  if (patterns.length > limits.filtersMax)
    throw new LogError("invalid_config", `There are ${patterns.length} filters: at most ${limits.filtersMax} are allowed.`);
  const tests = patterns.map((pattern, index) => compilePattern(pattern, new Place(index + 1)));
  if (tests.length === 0) return () => true;
  return (record) => {
    const view = new View(record);
    for (const test of tests) if (test(view)) return true;
    return false;
  };
}

/** @throws invalid_config, as `compileFilters` does */
export function checkFilters(patterns: readonly string[]): void {
  compileFilters(patterns);
}

/** A record with what was read of it. */
class View {
  readonly record: FilterableRecord;
  #key: Content | null | undefined;
  #value: Content | null | undefined;

  constructor(record: FilterableRecord) {
    this.record = record;
  }

  get key(): Content | null {
    if (this.#key === undefined) this.#key = this.record.key === null ? null : new Content(this.record.key);
    return this.#key;
  }

  get value(): Content | null {
    if (this.#value === undefined) this.#value = this.record.value === null ? null : new Content(this.record.value);
    return this.#value;
  }
}

function compilePattern(text: string, at: Place): Test<View> {
  const bytes = utf8Bytes(text);
  if (bytes > limits.filterBytesMax) throw at.error(`has ${bytes} bytes: at most ${limits.filterBytesMax} are allowed.`);
  let pattern: unknown;
  try {
    pattern = JSON.parse(text);
  } catch (cause) {
    throw at.error(`is no JSON: ${(cause as Error).message}.`);
  }
  if (!isObject(pattern)) throw at.error("has to be a JSON object.");
  return fieldsTest(pattern, at, partTest);
}

/** One part of a record. */
function partTest(name: string, pattern: unknown, at: Place): Test<View> {
  switch (name) {
    case "key":
      return contentTest(({ key }) => key, pattern, at);
    case "value":
      return contentTest(({ value }) => value, pattern, at);
    case "headers":
      return headersTest(pattern, at);
    case "topic":
      return plainTest(({ topic }) => topic, pattern, at);
    case "partition":
      return plainTest(({ partition }) => partition, pattern, at);
    case "offset":
      return plainTest(({ offset }) => offset, pattern, at);
    case "timestamp":
      return plainTest(({ timestampMs }) => timestampMs, pattern, at);
    default:
      throw at.error("a record has no such part: it has key, value, headers, topic, partition, offset and timestamp.");
  }
}

function plainTest(part: (record: FilterableRecord) => string | number, pattern: unknown, at: Place): Test<View> {
  const matchers = matchersOf(pattern, at);
  return ({ record }) => matchers.matches(part(record));
}

function contentTest(part: (view: View) => Content | null, pattern: unknown, at: Place): Test<View> {
  if (isObject(pattern)) {
    const test = documentTest(pattern, at);
    return (view) => {
      const document = part(view)?.document;
      return document !== undefined && test(document);
    };
  }
  const matchers = matchersOf(pattern, at);
  return (view) => {
    const content = part(view);
    if (content === null) return matchers.ifAbsent;
    return matchers.ifPresent || (!content.isStructure && matchers.matchesText(content.text));
  };
}

function headersTest(pattern: unknown, at: Place): Test<View> {
  if (!isObject(pattern)) throw at.error("has to be an object of header names.");
  return fieldsTest<View>(pattern, at, (name, list, within) => {
    const matchers = matchersOf(list, within);
    return ({ record }) => {
      let absent = true;
      for (const { key, value } of record.headers) {
        if (key !== name) continue;
        absent = false;
        if (value === null ? matchers.matches(null) : matchers.matchesText(readUtf8(value, 0, value.length))) return true;
      }
      return absent && matchers.ifAbsent;
    };
  });
}

function matchersOf(pattern: unknown, at: Place): Matchers {
  if (!Array.isArray(pattern)) throw at.error("has to be an array of what matches.");
  return new Matchers(pattern, at);
}
