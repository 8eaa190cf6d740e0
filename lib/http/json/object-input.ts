import { code } from "./characters.ts";
import { twice, unknownField } from "./record-input.ts";
import { JsonReader } from "./reader.ts";

/** Reads the value of one field in a way of its own, where it stands. */
export interface OwnField {
  readonly name: string;
  read(reader: JsonReader): void;
}

/**
 * A small JSON object of known fields, each at most once, its values as `JSON.parse` gives them.
 * @param own among the known ones, and not among the answered
 * @throws invalid_request, and what reading the own field throws
 */
export function readObject(bytes: Uint8Array, known: readonly string[], own?: OwnField): ReadonlyMap<string, unknown> {
  const reader = new JsonReader(bytes);
  const fields = readFields(reader, known, own);
  reader.end();
  return new Map(Array.from(fields, ([name, source]) => [name, parse(source)]));
}

function readFields(reader: JsonReader, known?: readonly string[], own?: OwnField): ReadonlyMap<string, Uint8Array> {
  const fields = new Map<string, Uint8Array>();
  let isOwnRead = false;
  reader.expect(code.openObject, "an object");
  if (reader.take(code.closeObject)) return fields;
  do {
    reader.string();
    const name = reader.stringText();
    if (known?.includes(name) === false) throw unknownField(name, known);
    if (fields.has(name)) throw twice(name);
    reader.expect(code.colon, '":"');
    if (name !== own?.name) {
      fields.set(name, reader.value());
      continue;
    }
    if (isOwnRead) throw twice(name);
    isOwnRead = true;
    own.read(reader);
  } while (reader.another(code.closeObject));
  return fields;
}

/** In an object inside, too, a name occurs once; `fromEntries` keeps names such as `__proto__` plain names. */
function parse(source: Uint8Array): unknown {
  if (source[0] !== code.openObject) return JSON.parse(Buffer.from(source).toString());
  return Object.fromEntries(Array.from(readFields(new JsonReader(source)), ([name, part]) => [name, parse(part)]));
}
