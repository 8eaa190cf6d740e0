import assert from "node:assert/strict";
import { test } from "node:test";
import { LogError } from "../../../lib/core/errors.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import { type LogLevel, logLevels } from "../../../lib/ports/telemetry.ts";
import { serverTelemetry } from "../../../lib/telemetry/server.ts";

const clock = { nowMs: () => 1_700_000_000_000, sleep: async () => undefined };
const time = "2023-11-14T22:13:20.000Z";

function server(level: LogLevel, format: "json" | "text", metrics = true) {
  const written: string[] = [];
  return { ...serverTelemetry({ metrics, level, format, clock, random: nodeRandom, write: (line) => written.push(line) }), written };
}

test("a level and those above it are written", () => {
  for (const [nth, level] of logLevels.entries()) {
    const { telemetry, written } = server(level, "json");
    for (const each of logLevels) {
      assert.equal(telemetry?.logs(each), logLevels.indexOf(each) >= nth);
      telemetry?.log(each, "request", {});
    }
    assert.deepEqual(
      written.map((line) => (JSON.parse(line) as { readonly level: string }).level),
      logLevels.slice(nth),
    );
  }
});

test("a line says when, what and for which request, for programs and for people", async () => {
  const fields = { operation: "produce", topic: "orders", status: 200, durationMs: 1.23456 };
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  for (const format of ["json", "text"] as const) {
    const { telemetry, written } = server("debug", format);
    await telemetry?.traced(traceId, async () => {
      await new Promise(setImmediate);
      telemetry.log("debug", "request", fields);
    });
    telemetry?.log("debug", "commit", { entries: 2 });
    const expected = {
      json: [
        `{"level":"debug","time":"${time}","event":"request","traceId":"${traceId}","operation":"produce","topic":"orders","status":200,"durationMs":1.235}\n`,
        `{"level":"debug","time":"${time}","event":"commit","entries":2}\n`,
      ],
      text: [
        `${time} debug request traceId=${traceId} operation=produce topic=orders status=200 durationMs=1.235\n`,
        `${time} debug commit entries=2\n`,
      ],
    };
    assert.deepEqual(written, expected[format]);
  }
});

test("a fault is told once to programs, and with its stack to people, whether or not there is more telemetry", () => {
  const fault = new LogError("internal", "a fault", { cause: new TypeError("x is undefined") });
  for (const metrics of [true, false]) {
    const text = server("info", "text", metrics);
    text.telemetry?.log("error", "fault", { fault });
    text.reportFault(fault);
    assert.match(text.written.at(-1) ?? "", /^stratalog: TypeError: x is undefined\n {4}at /);
    if (metrics) assert.equal(text.written[0], `${time} error fault fault={"code":"internal","class":"TypeError"}\n`);
    const json = server("info", "json", metrics);
    json.telemetry?.log("error", "fault", { fault });
    json.reportFault(fault);
    assert.equal(json.written.length, 1);
    assert.match(json.written[0] ?? "", /"event":"fault","fault":\{"code":"internal","class":"TypeError","frames":\["at /);
  }
});

test("values that are no number of a metric are left out, and fail nothing", async () => {
  const { telemetry, expose } = server("info", "json");
  for (const value of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
    telemetry?.count("ProduceRecords", value);
    telemetry?.gauge("ConsumerLag", value);
    telemetry?.observe("CommitSeconds", value);
  }
  const text = (await expose?.())?.text ?? "";
  assert.match(text, /^stratalog_produce_records_total 0$/m);
  assert.match(text, /^stratalog_commit_seconds_count 0$/m);
});
