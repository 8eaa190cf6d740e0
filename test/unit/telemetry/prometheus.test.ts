import assert from "node:assert/strict";
import { test } from "node:test";
import { type Metric, type MetricName, metrics } from "../../../lib/config/metrics.ts";
import { PrometheusMetrics, prometheusName } from "../../../lib/telemetry/prometheus.ts";
import { samplesOf } from "./samples.ts";

test("Prometheus gets every metric of the definition, with its name, kind, help and labels", async () => {
  const prometheus = new PrometheusMetrics();
  const names = Object.keys(metrics) as MetricName[];
  const values = { operation: "produce", status: "2xx", code: "conflict" };
  for (const [nth, name] of names.entries()) {
    const { dimensions }: Metric = metrics[name];
    prometheus.record(name, nth + 1, Object.fromEntries(dimensions.map((dimension) => [dimension, values[dimension]])));
  }
  const { contentType, text } = await prometheus.expose();
  assert.match(contentType, /^text\/plain; version=0\.0\.4/);
  const samples = samplesOf(text);
  for (const [nth, name] of names.entries()) {
    const { kind, help, dimensions }: Metric = metrics[name];
    const exposed = prometheusName(name);
    assert.match(exposed, /^stratalog_[a-z]+(_[a-z]+)*$/);
    assert.ok(text.includes(`# HELP ${exposed} ${help}\n# TYPE ${exposed} ${kind}\n`), exposed);
    const labels = [...dimensions].map((dimension) => `${dimension}="${values[dimension]}"`).join(",");
    const sample = `${kind === "histogram" ? `${exposed}_sum` : exposed}${labels === "" ? "" : `{${labels}}`}`;
    assert.equal(samples.get(sample), nth + 1, sample);
  }
});

test("a name says its unit where it is not a count, and counters end as Prometheus wants it", () => {
  assert.equal(prometheusName("ProduceRecords"), "stratalog_produce_records_total");
  assert.equal(prometheusName("UnsealedAgeSeconds"), "stratalog_unsealed_age_seconds");
  for (const [name, { unit, kind, dimensions }] of Object.entries(metrics) as [MetricName, Metric][]) {
    assert.ok(unit === "Count" || name.endsWith(unit), name);
    assert.ok(kind !== "gauge" || dimensions.length === 0, `${name}: a function tells one value of a gauge`);
  }
});
