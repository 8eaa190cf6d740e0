import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Metric, type MetricName, metrics } from "../../../lib/config/metrics.ts";
import { prometheusName } from "../../../lib/telemetry/prometheus.ts";

const text = readFileSync(new URL("../../../docs/telemetry.md", import.meta.url), "utf8");

test("docs/telemetry.md has every metric as it is, and no other", () => {
  const rows = text.split("\n").filter((line) => /^\| `[A-Z]\w+` \| `stratalog_/.test(line));
  const expected = (Object.entries(metrics) as [MetricName, Metric][]).map(([name, { kind, unit, help, dimensions }]) => {
    const measured = unit === "Count" ? kind : `${kind}, ${unit.toLowerCase()}`;
    return `| \`${name}\` | \`${prometheusName(name)}\` | ${measured} | ${dimensions.join(", ")} | ${help} |`;
  });
  assert.deepEqual(rows, expected);
});
