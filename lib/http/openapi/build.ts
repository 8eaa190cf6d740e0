import type { Schema } from "../route.ts";

/** An object of these properties and no others. */
export const object = (properties: Readonly<Record<string, Schema>>, required: readonly string[]): Schema => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});
export const integer = (minimum = 0, maximum: number = Number.MAX_SAFE_INTEGER): Schema => ({ type: "integer", minimum, maximum });
/** A schema of the document, by its name under `components/schemas`. */
export const here = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
