import assert from "node:assert/strict";
import { test } from "node:test";
import { LogError } from "../../../lib/core/errors.ts";
import { limits } from "../../../lib/core/limits.ts";
import { BodyBudget } from "../../../lib/http/body-budget.ts";
import type { ErrorBody, ProduceAnswer } from "../../../lib/http/wire.ts";
import type { Log, RecordResult } from "../../../lib/log/log.ts";
import { PlainRequest } from "../../../scripts/fuzz/plain-request.ts";
import { appOver, memoryLog, send } from "./fixtures.ts";

const two = '{"records":[{"value":"a"},{"value":"b"}]}';
const full = new LogError("storage_full", "The disk is full.", { retryAfterMs: 1_500 });
const unknown = new LogError("timeout", "No answer in time.", { outcome: "unknown" });

/** A log whose appends have these results. */
function logThatAnswers(results: () => readonly RecordResult[]): Log {
  return { ...memoryLog(), append: async () => results() };
}

test("some records in the log and some not: 207, each with its outcome", async () => {
  const app = appOver(
    logThatAnswers(() => [
      { partition: 0, offset: 7, duplicate: false },
      { partition: 1, error: full },
    ]),
  );
  const response = await send(app, "POST", "/topics/t/records", two);
  assert.equal(response.status, 207);
  assert.deepEqual(await response.json(), {
    offsets: [
      { partition: 0, offset: 7 },
      { partition: 1, error: { code: "storage_full", message: "The disk is full.", outcome: "not-applied", retryAfterMs: 1_500 } },
    ],
  });
});

test("no record in the log: the error, and the unknown one before a certain one", async () => {
  const certain = appOver(
    logThatAnswers(() => [
      { partition: 0, error: full },
      { partition: 1, error: full },
    ]),
  );
  const response = await send(certain, "POST", "/topics/t/records", two);
  assert.equal(response.status, 507);
  assert.equal(response.headers.get("retry-after"), "2");
  const unsure = appOver(
    logThatAnswers(() => [
      { partition: 0, error: full },
      { partition: 1, error: unknown },
    ]),
  );
  const second = await send(unsure, "POST", "/topics/t/records", two);
  assert.equal(second.status, 504);
  assert.equal(((await second.json()) as ErrorBody).error.outcome, "unknown");
});

test("a fault is reported to who runs the server, and clients see neither its message nor a stack", async () => {
  const reported: LogError[] = [];
  const log: Log = { ...memoryLog(), append: () => Promise.reject(new TypeError("secret: cannot read properties of undefined")) };
  const app = appOver(log, { reportFault: (error) => reported.push(error) });
  for (const type of ["application/json", "application/x-ndjson"]) {
    const body = type === "application/json" ? two : '{"value":"a"}';
    const response = await send(app, "POST", "/topics/t/records", body, { "content-type": type });
    assert.equal(response.status, 500);
    const text = await response.text();
    assert.doesNotMatch(text, /secret|\bat /);
    assert.deepEqual((JSON.parse(text) as ErrorBody).error.outcome, "unknown");
  }
  assert.equal(reported.length, 2);
  assert.match(String(reported[0]?.message), /secret/);
});

test("an NDJSON piece that fails in part: its results, and the line to go on from", async () => {
  let piece = 0;
  const lines = Array.from({ length: 1_500 }, (_, index) => `{"value":"${index}-${"x".repeat(1_000)}"}`);
  const log: Log = {
    ...memoryLog(),
    append: async (_topic, { records }) => {
      const first = piece++ === 0;
      return records.map(
        (_, index): RecordResult =>
          first || index % 2 === 0 ? { partition: 0, offset: index, duplicate: false } : { partition: 1, error: full },
      );
    },
  };
  const response = await send(appOver(log), "POST", "/topics/t/records", lines.join("\n"), { "content-type": "application/x-ndjson" });
  assert.equal(response.status, 507);
  assert.equal(response.headers.get("retry-after"), "2");
  const answer = (await response.json()) as ProduceAnswer;
  assert.equal(answer.offsets.length, 1_500);
  const firstFailed = answer.offsets.findIndex((result) => "error" in result);
  assert.equal(answer.error?.["line"], firstFailed + 1);
  assert.equal(answer.error?.["resumeLine"], firstFailed + 1);
});

test("NDJSON is held one piece at a time", async () => {
  const pieces: number[] = [];
  const log: Log = {
    ...memoryLog(),
    append: async (_topic, { records }) => {
      pieces.push(records.reduce((sum, record) => sum + (record.value?.length ?? 0), 0));
      return records.map((_, offset) => ({ partition: 0, offset, duplicate: false }));
    },
  };
  let produced = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (produced++ === 400) controller.close();
      else controller.enqueue(Buffer.from(`{"value":"${"x".repeat(50_000)}"}\n`));
      // What was pulled but not appended is what the server holds.
      const appended = pieces.length === 0 ? 0 : pieces.reduce((sum, bytes) => sum + bytes, 0);
      assert.ok(produced * 50_000 - appended < 3 * limits.ndjsonChunkBytes);
    },
  });
  const request = new Request("http://in.process/v1/topics/t/records", {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body,
    duplex: "half",
  });
  const response = await appOver(log).fetch(request);
  assert.equal(response.status, 200);
  assert.equal(((await response.json()) as ProduceAnswer).offsets.length, 400);
  assert.ok(pieces.every((bytes) => bytes <= limits.ndjsonChunkBytes + 50_000));
});

test("a line over the limit ends an NDJSON request before it is held whole", async () => {
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled += 1024 * 1024;
      controller.enqueue(new Uint8Array(1024 * 1024).fill(0x78));
    },
  });
  const request = new Request("http://in.process/v1/topics/t/records", {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body,
    duplex: "half",
  });
  const response = await appOver(memoryLog()).fetch(request);
  assert.equal(response.status, 413);
  assert.equal(((await response.json()) as ErrorBody).error["line"], 1);
  assert.ok(pulled < limits.ndjsonLineBytesMax + 4 * 1024 * 1024);
});

test("answers that nobody has read share a bounded room too, and give it back once", async () => {
  const budget = new BodyBudget(100, 20);
  const held = budget.answer({ status: 200, headers: {} }, 60);
  assert.throws(() => budget.answer({ status: 200, headers: {} }, 60), { code: "throttled", outcome: "not-applied" });
  assert.equal(budget.answer({ status: 200, headers: {} }, 20).release, undefined, "a small one has room anyway");
  held.release?.();
  assert.ok(budget.answer({ status: 200, headers: {} }, 60).release !== undefined);
});

test("bodies share a bounded room: over it, requests are told when to come again", async () => {
  const budget = new BodyBudget(100, 20);
  const body = new PlainRequest("POST", "/", { "content-length": "60" }, new Uint8Array(60));
  let finish = (): void => undefined;
  const running = budget.withBody(body, () => new Promise<void>((resolve) => (finish = resolve)), 80);
  await assert.rejects(
    budget.withBody(body, async () => undefined, 80),
    (error) => error instanceof LogError && error.code === "throttled" && error.retryAfterMs === 1_000,
  );
  const small = new PlainRequest("POST", "/", { "content-length": "20" }, new Uint8Array(20));
  const room = new PlainRequest("POST", "/", { "content-length": "40" }, new Uint8Array(40));
  await budget.withBody(room, async () => {
    assert.equal(await budget.withBody(small, async (bytes) => bytes.length, 80), 20, "a small one has room beside those that fill it");
  });
  finish();
  await running;
  assert.equal(await budget.withBody(body, async (bytes) => bytes.length, 80), 60);
  await assert.rejects(
    budget.withBody(body, async () => undefined, 50),
    { code: "request_too_large" },
  );
});
