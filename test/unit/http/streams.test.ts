import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { TopicPosition } from "../../../lib/http/sse/topic-position.ts";
import { limits } from "../../../lib/core/limits.ts";
import type { Log } from "../../../lib/log/log.ts";
import { appOver, base, ManualClock, memoryLog } from "./fixtures.ts";

/** A stream's text as it comes. */
class Reader {
  readonly #leave = new AbortController();
  readonly #reader: ReadableStreamDefaultReader<string>;
  text = "";

  private constructor(body: ReadableStream<Uint8Array>, leave: AbortController) {
    this.#reader = body.pipeThrough(new TextDecoderStream()).getReader();
    this.#leave = leave;
  }

  static async open(log: Log, path: string): Promise<Reader> {
    const leave = new AbortController();
    const response = await appOver(log).fetch(new Request(base + path, { headers: { accept: "text/event-stream" }, signal: leave.signal }));
    assert.equal(response.status, 200);
    assert.ok(response.body);
    return new Reader(response.body, leave);
  }

  /** Reads on until the text has this, or the stream ends. @returns whether it has */
  async until(wanted: string): Promise<boolean> {
    while (!this.text.includes(wanted)) {
      const { done, value } = await this.#reader.read();
      if (done) return false;
      this.text += value;
    }
    return true;
  }

  leave(): void {
    this.#leave.abort();
  }
}

/** Two keep-alives' time at most: one wait may be running, and the next look may wait again. */
async function endWithin(clock: ManualClock, ended: Promise<unknown>): Promise<void> {
  for (let wait = 0; wait < 2; wait++) await Promise.race([ended, clock.advance(limits.streamKeepAliveMs)]);
}

const paths = { partition: "/topics/t/partitions/0/records?offset=earliest", topic: "/topics/t/records?offset=earliest" };

for (const [what, path] of Object.entries(paths)) {
  test(`a silent stream of a ${what} says that it is alive, by the injected clock`, async () => {
    const clock = new ManualClock();
    const log = memoryLog(clock);
    await log.topics.create({ name: "t", partitions: 2 });
    const stream = await Reader.open(log, path);
    assert.ok(await stream.until(`retry: ${limits.streamRetryMs}\n\n`));
    const alive = stream.until(": keep-alive\n\n");
    await clock.advance(limits.streamKeepAliveMs);
    assert.ok(await alive);
    stream.leave();
    assert.equal(await stream.until("never"), false, "a stream that was left ends");
  });

  test(`a stream of a ${what} ends with an error when its topic is deleted`, async () => {
    const clock = new ManualClock();
    const log = memoryLog(clock);
    await log.topics.create({ name: "t", partitions: 2 });
    const stream = await Reader.open(log, path);
    await stream.until("retry");
    const ended = stream.until("never");
    await log.topics.delete("t");
    await endWithin(clock, ended);
    assert.equal(await ended, false);
    assert.match(stream.text, /event: error\ndata: \{"error":\{"code":"unknown_topic_or_partition"/);
  });

  test(`a stream of a ${what} does not go on in another topic of the same name`, async () => {
    const clock = new ManualClock();
    const log = memoryLog(clock);
    await log.topics.create({ name: "t", partitions: 2 });
    const stream = await Reader.open(log, path);
    await stream.until("retry");
    const ended = stream.until("never");
    await log.topics.delete("t");
    await log.topics.create({ name: "t", partitions: 2 });
    await endWithin(clock, ended);
    assert.equal(await ended, false);
    assert.match(stream.text, /event: error/);
  });

  test(`a stream of a ${what} reads no further than its client`, async () => {
    const log = memoryLog();
    await log.topics.create({ name: "t", partitions: 1 });
    const value = new Uint8Array(100_000);
    for (let nth = 0; nth < 50; nth++) await log.append("t", { records: [{ key: null, value, headers: [] }] });
    let fetches = 0;
    const counting: Log = {
      ...log,
      fetch: (...request) => {
        fetches++;
        return log.fetch(...request);
      },
    };
    const stream = await Reader.open(counting, path);
    await stream.until('"offset":0,');
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(fetches < 10, `${fetches} fetches for a client that reads nothing`);
    stream.leave();
  });
}

test("a topic of too many partitions has no stream, and is told so", async () => {
  const log = memoryLog();
  await log.topics.create({ name: "t", partitions: limits.streamPartitionsMax + 1, partitionsPerShard: 16 });
  const response = await appOver(log).fetch(new Request(base + paths.topic, { headers: { accept: "text/event-stream" } }));
  assert.equal(response.status, 400);
  assert.match(await response.text(), /256/);
});

test("a position is the same after it was an event's id", () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeNat(), { minLength: 1, maxLength: 20 }), fc.nat(25), fc.maxSafeNat(), (offsets, partition, next) => {
      const position = new TopicPosition("topic", offsets);
      const id = position.writer(partition)(next);
      const parsed = TopicPosition.parse(id, "topic");
      for (let index = 0; index < 30; index++) assert.equal(parsed.next(index), index === partition ? next : (offsets[index] ?? 0));
      assert.throws(() => TopicPosition.parse(id, "another"), { code: "offset_out_of_range" });
    }),
  );
});
