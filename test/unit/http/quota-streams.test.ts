/** Event streams of readers with a quota: they were admitted once, so they wait on their way. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../../../lib/core/limits.ts";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import { appOver, base, ManualClock } from "./fixtures.ts";

const records = 4;
const anonymous = "User:ANONYMOUS";

async function streaming(consumerByteRate: number) {
  const clock = new ManualClock();
  const parts = { clock, random: nodeRandom, compression: nodeCompression };
  const log = createLog({ ...createMemoryEngine(), isShared: false }, parts);
  await log.topics.create({ name: "t", partitions: 1 });
  // Each is a piece of the stream.
  const value = new Uint8Array(70_000).fill(0x78);
  for (let sent = 0; sent < records; sent++) await log.append("t", { records: [{ key: null, value, headers: [] }] });
  await log.quotas.rules.set(anonymous, { consumerByteRate });
  const leave = new AbortController();
  const request = new Request(`${base}/topics/t/partitions/0/records?offset=earliest`, {
    headers: { accept: "text/event-stream" },
    signal: leave.signal,
  });
  const response = await appOver(log).fetch(request);
  assert.ok(response.body);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const until = async (wanted: RegExp): Promise<boolean> => {
    while (!wanted.test(text)) {
      const { done, value: more } = await reader.read();
      if (done) return false;
      text += more;
    }
    return true;
  };
  return { clock, until, leave, text: () => text };
}

const count = (text: string, part: string) => text.split(part).length - 1;

test("without credentials everyone is User:ANONYMOUS, whose stream goes on at the rate, says that it lives, and has every record once", async () => {
  const { clock, until, text } = await streaming(1_000);
  const startMs = clock.nowMs();
  assert.ok(await until(/"offset":0,/));
  let ended = false;
  const all = until(/"offset":3,/).finally(() => (ended = true));
  for (let wait = 0; !ended && wait < 1_000; wait++) await clock.advance(limits.streamKeepAliveMs);
  assert.ok(await all);
  // A window's worth at once, and the last record is given before it is made up for.
  const leastMs = ((records - 1) * 70_000 - 10_000) / 1_000;
  assert.ok(clock.nowMs() - startMs >= leastMs * 1_000, `${clock.nowMs() - startMs} ms`);
  for (let offset = 0; offset < records; offset++) assert.equal(count(text(), `"offset":${offset},`), 1);
  assert.ok(count(text(), ": keep-alive\n\n") >= records - 1);
});

test("a reader that leaves while it waits ends the stream", async () => {
  const { until, leave } = await streaming(100);
  assert.ok(await until(/"offset":0,/));
  const ended = until(/never/);
  leave.abort();
  await ended.catch(() => undefined);
  assert.ok(leave.signal.aborted);
});
