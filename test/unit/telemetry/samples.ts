import assert from "node:assert/strict";

/** The samples of Prometheus's text format, by name with labels. */
export function samplesOf(text: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, sample, value] = /^([a-z_]+(?:\{[^}]*\})?) (\S+)$/.exec(line) ?? [];
    assert.ok(sample !== undefined && Number.isFinite(Number(value)), line);
    assert.ok(!samples.has(sample), `${sample} is there once`);
    samples.set(sample, Number(value));
  }
  return samples;
}
