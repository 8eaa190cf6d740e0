import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect } from "../../../lib/client/index.ts";
import { limits } from "../../../lib/core/limits.ts";
import { appOver, base, send } from "../http/fixtures.ts";
import { compactedTopic, type Given } from "../log/compaction-world.ts";
import { TurningClock } from "./in-process.ts";

const hourMs = 3_600_000;

/** One record is left of each of two ends, and more segments without any in between than one fetch goes over. */
async function hollowTopic() {
  const topic = await compactedTopic({ "min.cleanable.dirty.ratio": 0, "min.compaction.lag.ms": hourMs }, { mergeSegmentsMin: 1_000 });
  const holes = 2 * limits.fetchRunsMax + 3;
  const write = async (given: Given): Promise<void> => {
    topic.pass(10);
    await topic.append([given]);
    await topic.round();
  };
  await write(["first", "1"]);
  for (let nth = 0; nth < holes; nth++) await write(["a", String(nth)]);
  await topic.append([
    ["a", "last"],
    ["a", "gone"],
    ["b", "1"],
  ]);
  await topic.append([["a", "end"]]);
  await topic.round();
  topic.pass(2 * hourMs);
  // No two segments become one: the holes stay apart.
  await topic.log.topics.alter("t", { config: { "segment.ms": 1 } });
  await topic.append([["b", "end"]]);
  await topic.round();
  return { topic, app: appOver(topic.log), end: topic.appended.length };
}

describe("a compacted topic", () => {
  it("is read over HTTP page by page: one without records says where to go on", async () => {
    const { topic, app, end } = await hollowTopic();
    const left = (await topic.read()).map(({ offset }) => offset);
    assert.ok((await topic.rows()).filter(({ records }) => records === 0).length > 2 * limits.fetchRunsMax);
    const seen: number[] = [];
    let empty = 0;
    for (let next = 0; next < end; ) {
      const response = await send(app, "GET", `/topics/t/partitions/0/records?offset=${next}&limit=1&wait=1000`);
      const page = (await response.json()) as { readonly records: readonly { readonly offset: number }[]; readonly nextOffset: number };
      assert.ok(page.nextOffset > next);
      if (page.records.length === 0) empty++;
      seen.push(...page.records.map(({ offset }) => offset));
      next = page.nextOffset;
    }
    assert.deepEqual(seen, left);
    assert.ok(empty > 0);
  });

  it("is read by the SDK to its end, and followed beyond", async () => {
    const { topic, app, end } = await hollowTopic();
    const client = connect({
      url: "http://in.process",
      fetch: (url, init) => app.fetch(new Request(url, init)),
      clock: new TurningClock(),
    });
    const left = (await topic.read()).map(({ offset }) => offset);
    const offsets: number[] = [];
    for await (const { offset } of client.consume({ topic: "t", from: "earliest", until: "end" })) offsets.push(offset);
    assert.deepEqual(offsets, left);
    const followed: number[] = [];
    for await (const { offset } of client.consume({ topic: "t", from: { offset: 3 } })) {
      followed.push(offset);
      if (offset === end - 1) await topic.append([["new", "1"]]);
      if (offset === end) break;
    }
    assert.deepEqual(followed, [...left.filter((offset) => offset >= 3), end]);
  });

  for (const path of ["/topics/t/partitions/0/records?offset=earliest", "/topics/t/records?offset=earliest"]) {
    it(`is streamed, and a reader that comes back goes on behind what it has: ${path}`, async () => {
      const { topic, app } = await hollowTopic();
      const left = (await topic.read()).map(({ offset }) => offset);
      const follow = async (count: number, headers: Readonly<Record<string, string>>) => {
        const leave = new AbortController();
        const accept = { accept: "text/event-stream", ...headers };
        const response = await app.fetch(new Request(base + path, { headers: accept, signal: leave.signal }));
        let text = "";
        const events = () => [...text.matchAll(/id: (.*)\ndata: (.*)\n\n/g)];
        for await (const piece of (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
          text += piece;
          if (events().length >= count) break;
        }
        leave.abort();
        return events().map(([, id = "", data = ""]) => ({ id, offset: (JSON.parse(data) as { offset: number }).offset }));
      };
      const all = await follow(left.length, {});
      assert.deepEqual(
        all.map(({ offset }) => offset),
        left,
      );
      const rest = await follow(left.length - 1, { "last-event-id": all[0]?.id ?? "" });
      assert.deepEqual(
        rest.map(({ offset }) => offset),
        left.slice(1),
      );
    });
  }
});
