import { parseArgs } from "node:util";

/** What a measuring script reports: `--json` prints exactly one `{"metrics":[Metric]}` on standard output. */
export interface Metric {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** As it reads in the table: `>= 0.6`, `<= 2`; empty when the figure is only for information. */
  readonly target: string;
  readonly met: boolean | null;
}

export function atLeast(name: string, value: number, unit: string, target: number): Metric {
  return { name, value: round(value), unit, target: `>= ${target}`, met: value >= target };
}

export function atMost(name: string, value: number, unit: string, target: number): Metric {
  return { name, value: round(value), unit, target: `<= ${target}`, met: value <= target };
}

export function figure(name: string, value: number, unit: string): Metric {
  return { name, value: round(value), unit, target: "", met: null };
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Prints the metrics as a table, or as JSON with `--json`; the exit code says whether every target was met. */
export function report(metrics: readonly Metric[], json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify({ metrics })}\n`);
  else console.table(metrics.map(({ met, ...row }) => ({ ...row, met: met === null ? "" : met ? "yes" : "NO" })));
  process.exitCode = metrics.some((metric) => metric.met === false) ? 1 : 0;
}

/** The options of a measuring script: numbers by name with their defaults, and `--json`. */
export function benchOptions<K extends string>(
  defaults: Readonly<Record<K, number>>,
): { readonly json: boolean } & Readonly<Record<K, number>> {
  const numbers = Object.fromEntries(Object.keys(defaults).map((name) => [name, { type: "string" as const }]));
  const { values } = parseArgs({ options: { json: { type: "boolean" }, ...numbers } });
  const given = Object.entries<number>(defaults).map(([name, value]) => {
    const text = (values as Record<string, string | boolean | undefined>)[name];
    const number = text === undefined ? value : Number(text);
    if (!Number.isFinite(number) || number < 0) throw new Error(`--${name} must be a number`);
    return [name, number];
  });
  return { json: values["json"] === true, ...(Object.fromEntries(given) as Record<K, number>) };
}

/** Progress goes to standard error, so that `--json` stays pure. */
export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
