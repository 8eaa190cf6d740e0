import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { type Metric, type MetricName, metrics } from "../config/metrics.ts";
import type { Exposition } from "../ports/telemetry.ts";
import type { DimensionValues, MetricSink } from "./telemetry.ts";

/** From a tenth of a millisecond, a commit on a good disk, to the longest long poll. */
const bucketsSeconds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** `ProduceRecords`, a counter, is `stratalog_produce_records_total`. */
export function prometheusName(name: MetricName): string {
  const snake = name.replace(/(?!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
  return `stratalog_${snake}${metrics[name].kind === "counter" ? "_total" : ""}`;
}

/** Metrics in Prometheus's text format, in a registry of their own. */
export class PrometheusMetrics implements MetricSink {
  readonly #registry = new Registry();
  readonly #record: Readonly<Record<string, (value: number, dimensions: DimensionValues) => void>>;

  constructor() {
    const names = Object.keys(metrics) as MetricName[];
    this.#record = Object.fromEntries(names.map((name) => [name, register(this.#registry, name)]));
  }

  record(metric: MetricName, value: number, dimensions: DimensionValues): void {
    this.#record[metric]?.(value, dimensions);
  }

  async expose(): Promise<Exposition> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }
}

function register(registry: Registry, name: MetricName): (value: number, dimensions: DimensionValues) => void {
  const { kind, help, dimensions: labelNames }: Metric = metrics[name];
  const options = { name: prometheusName(name), help, labelNames, registers: [registry] };
  switch (kind) {
    case "counter": {
      const counter = new Counter(options);
      return (value, labels) => counter.inc(labels, value);
    }
    case "gauge": {
      const gauge = new Gauge(options);
      return (value, labels) => gauge.set(labels, value);
    }
    case "histogram": {
      const histogram = new Histogram({ ...options, buckets: bucketsSeconds });
      return (value, labels) => histogram.observe(labels, value);
    }
  }
}
