import type { Histogram } from "../histogram.ts";

/** One figure of a measurement. */
export interface Metric {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

export interface Rates {
  readonly records: number;
  readonly bytes: number;
  readonly elapsedMs: number;
}

export function rateMetrics({ records, bytes, elapsedMs }: Rates): Metric[] {
  const seconds = Math.max(elapsedMs, 0.001) / 1_000;
  return [
    { name: "records", value: records, unit: "records" },
    { name: "elapsed", value: round(elapsedMs), unit: "ms" },
    { name: "record rate", value: round(records / seconds), unit: "records/s" },
    { name: "byte rate", value: round(bytes / seconds / 1_048_576), unit: "MB/s" },
  ];
}

export function latencyMetrics(latency: Histogram): Metric[] {
  const percentiles = [0.5, 0.95, 0.99, 0.999].map((part) => ({
    name: `latency p${round(part * 100)}`,
    value: round(latency.percentile(part)),
    unit: "ms",
  }));
  return [
    { name: "latency mean", value: round(latency.mean), unit: "ms" },
    { name: "latency max", value: round(latency.max), unit: "ms" },
    ...percentiles,
  ];
}

/** `100000 records sent, 51234.5 records/sec (4.89 MB/sec)` */
export function rateText(verb: string, { records, bytes, elapsedMs }: Rates): string {
  const seconds = Math.max(elapsedMs, 0.001) / 1_000;
  return `${records} records ${verb}, ${(records / seconds).toFixed(1)} records/sec (${(bytes / seconds / 1_048_576).toFixed(2)} MB/sec)`;
}

/** `1.20 ms avg latency, 30.00 ms max latency`, and with the percentiles when asked for. */
export function latencyText(latency: Histogram, percentiles: boolean): string {
  const text = `${latency.mean.toFixed(2)} ms avg latency, ${latency.max.toFixed(2)} ms max latency`;
  if (!percentiles) return text;
  const at = (part: number) => latency.percentile(part).toFixed(2);
  return `${text}, ${at(0.5)} ms 50th, ${at(0.95)} ms 95th, ${at(0.99)} ms 99th, ${at(0.999)} ms 99.9th`;
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
