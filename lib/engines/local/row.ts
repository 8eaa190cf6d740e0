import type { SQLOutputValue } from "node:sqlite";

/** A row that SQLite gives, read by column. @throws TypeError when the index is not as this build writes it */
export type Row = Record<string, SQLOutputValue>;

export function integer(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number") throw new TypeError(`index: ${column} is no number`);
  return value;
}

export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new TypeError(`index: ${column} is no text`);
  return value;
}

export function blob(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw new TypeError(`index: ${column} is no blob`);
  return value;
}

/** A JSON array of numbers. */
export function numbers(row: Row, column: string): number[] {
  return JSON.parse(text(row, column)) as number[];
}
