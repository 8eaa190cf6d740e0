import { readFileSync } from "node:fs";

export interface GoldenRecord {
  readonly timestampMs: number;
  readonly key: string | null;
  readonly value?: string | null;
  readonly valueBytes?: number;
  readonly valueCrc32c?: number;
  readonly headers: readonly (readonly [string, string | null])[];
}

export interface KafkaBatches {
  readonly batches: readonly { readonly name: string; readonly base64: string; readonly records: readonly GoldenRecord[] | string }[];
  readonly control: string;
  readonly murmur2: readonly (readonly [key: string, hash: number, ofSeven: number])[];
}

export interface Lz4Frames {
  readonly bytes: number;
  readonly sha256: string;
  readonly frames: readonly {
    readonly base64: string;
    readonly noise?: string;
    readonly linked?: boolean;
    readonly blockChecksum?: boolean;
  }[];
}

/** A file of this folder. What is in it is as its README says. */
export function readFixture(name: "kafka-batches.json"): KafkaBatches;
export function readFixture(name: "kafka-compacted.json"): {
  readonly batches: readonly { readonly name: string; readonly base64: string }[];
};
export function readFixture(name: "lz4-frames.json"): Lz4Frames;
export function readFixture(name: "raw-snappy.json"): { readonly base64: string };
export function readFixture(name: string): unknown {
  const parsed: unknown = JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
  return parsed;
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "base64"));
}

/** The records of a named batch: some batches only name the one that holds the same. */
export function goldenRecords(fixture: KafkaBatches, name: string): readonly GoldenRecord[] {
  const found = fixture.batches.find((batch) => batch.name === name);
  if (found === undefined) throw new Error(`no golden batch "${name}"`);
  return typeof found.records === "string" ? goldenRecords(fixture, found.records) : found.records;
}
