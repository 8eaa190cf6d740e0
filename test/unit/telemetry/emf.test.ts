import assert from "node:assert/strict";
import { test } from "node:test";
import { logDimension, type Metric, type MetricName, metrics, metricsNamespace } from "../../../lib/config/metrics.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import { EmfMetrics } from "../../../lib/telemetry/emf.ts";
import { lambdaTelemetry } from "../../../lib/telemetry/lambda.ts";

interface Directive {
  readonly Namespace: string;
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
}
type Document = Readonly<Record<string, unknown>> & {
  readonly _aws: { readonly Timestamp: number; readonly CloudWatchMetrics: readonly Directive[] };
};

const nowMs = 1_700_000_000_000;
const clock = { nowMs: () => nowMs, sleep: async () => undefined };

/** The rules of CloudWatch's specification, with which a document that breaks one is dropped without a word. */
function checkDocument(line: string): Document {
  assert.ok(line.endsWith("\n") && line.indexOf("\n") === line.length - 1, "one line");
  const document = JSON.parse(line) as Document;
  const { Timestamp, CloudWatchMetrics } = document._aws;
  assert.equal(Timestamp, nowMs);
  assert.ok(CloudWatchMetrics.length > 0);
  for (const { Namespace, Dimensions, Metrics } of CloudWatchMetrics) {
    assert.equal(Namespace, metricsNamespace);
    assert.ok(Dimensions.length > 0 && Metrics.length > 0 && Metrics.length <= 100);
    for (const set of Dimensions) {
      assert.ok(set.length <= 30);
      for (const name of set) {
        const value = document[name];
        assert.ok(typeof value === "string" && value.length >= 1 && value.length <= 1_024, `${name} is a string member`);
      }
    }
    for (const { Name, Unit } of Metrics) {
      const value = document[Name];
      assert.ok(["Count", "Bytes", "Seconds"].includes(Unit));
      const values = Array.isArray(value) ? value : [value];
      assert.ok(values.length >= 1 && values.length <= 100);
      for (const each of values) assert.equal(typeof each, "number", `${Name} is a number`);
    }
  }
  return document;
}

test("CloudWatch gets every metric, in one document that keeps to its specification", () => {
  const lines: string[] = [];
  const emf = new EmfMetrics({ logName: "orders", clock, write: (line) => lines.push(line) });
  const names = Object.keys(metrics) as MetricName[];
  const values = { operation: "produce", status: "2xx", code: "conflict" };
  for (const [nth, name] of names.entries()) emf.record(name, nth + 1, values);
  emf.flush();
  assert.equal(lines.length, 1);
  const document = checkDocument(lines[0]!);
  assert.equal(document[logDimension], "orders");
  for (const [nth, name] of names.entries()) {
    const { kind, unit, cloudWatchBy }: Metric = metrics[name];
    assert.deepEqual(document[name], kind === "histogram" ? [nth + 1] : nth + 1, name);
    const own = document._aws.CloudWatchMetrics.filter(({ Metrics }) => Metrics.some(({ Name }) => Name === name));
    assert.equal(own.length, 1);
    assert.deepEqual(own[0]?.Dimensions, cloudWatchBy === undefined ? [["Log"]] : [["Log"], ["Log", "Operation"]]);
    assert.equal(own[0]?.Metrics.find(({ Name }) => Name === name)?.Unit, unit);
  }
});

test("counters sum up, a gauge keeps its newest value, a histogram each value", () => {
  const lines: string[] = [];
  const { telemetry, flush } = lambdaTelemetry({ logName: "orders", clock, random: nodeRandom, write: (line) => lines.push(line) });
  for (const value of [2, 3]) {
    telemetry.count("ProduceRecords", value);
    telemetry.gauge("ConsumerLag", value);
    telemetry.observe("CommitSeconds", value);
  }
  flush();
  const document = checkDocument(lines[0]!);
  assert.deepEqual([document["ProduceRecords"], document["ConsumerLag"], document["CommitSeconds"]], [5, 3, [2, 3]]);
  flush();
  assert.equal(lines.length, 1, "nothing is written twice, and nothing for nothing");
});

test("two operations of one flush have a document each, and what has no operation is told once", () => {
  const lines: string[] = [];
  const { telemetry, flush } = lambdaTelemetry({ logName: "orders", clock, random: nodeRandom, write: (line) => lines.push(line) });
  telemetry.count("Requests", 1, { operation: "produce", status: "2xx" });
  telemetry.count("Requests", 1, { operation: "produce", status: "4xx" });
  telemetry.count("Requests", 1, { operation: "fetch", status: "2xx" });
  telemetry.count("Throttles", 1);
  flush();
  const documents = lines.map(checkDocument);
  assert.deepEqual(
    documents.map((document) => [document["Operation"], document["Requests"], document["Throttles"]]),
    [
      ["produce", 2, 1],
      ["fetch", 1, undefined],
    ],
  );
});

test("more values than a document holds go into several", () => {
  const lines: string[] = [];
  const { telemetry, flush } = lambdaTelemetry({ logName: "orders", clock, random: nodeRandom, write: (line) => lines.push(line) });
  for (let nth = 0; nth < 250; nth++) telemetry.observe("CommitSeconds", nth);
  flush();
  const told = lines.map(checkDocument).map((document) => document["CommitSeconds"] as number[]);
  assert.deepEqual(
    told.map((values) => values.length),
    [100, 100, 50],
  );
  assert.deepEqual(told.flat(), [...Array(250).keys()]);
});
