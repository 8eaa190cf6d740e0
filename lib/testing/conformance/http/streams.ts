import assert from "node:assert/strict";
import { mediaTypes, type WireTopicRecord } from "../../../http/wire.ts";
import { type Api, type HttpCase, topicCase } from "./target.ts";

export interface StreamEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

/** Reads server-sent events as the WHATWG standard has them; ends the request when it is left. */
export async function* events(api: Api, path: string, headers: Readonly<Record<string, string>> = {}): AsyncGenerator<StreamEvent> {
  const leave = new AbortController();
  const response = await api.send(path, { headers: { accept: mediaTypes.eventStream, ...headers }, signal: leave.signal });
  assert.equal(response.status, 200, response.status === 200 ? "" : await response.text());
  assert.equal(response.headers.get("content-type"), mediaTypes.eventStream);
  assert.ok(response.body);
  let text = "";
  try {
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
      text += piece;
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = parseEvent(block);
        if (event !== undefined) yield event;
      }
    }
  } finally {
    leave.abort();
  }
}

function parseEvent(block: string): StreamEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split("\n")) {
    const split = line.indexOf(": ");
    if (split > 0) fields.set(line.slice(0, split), line.slice(split + 2));
    else assert.ok(line.startsWith(":"), `a line of a stream is a field or a comment: ${line}`);
  }
  const data = fields.get("data");
  return data === undefined ? undefined : { id: fields.get("id") ?? "", type: fields.get("event") ?? "message", data };
}

async function take(stream: AsyncGenerator<StreamEvent>, count: number): Promise<readonly StreamEvent[]> {
  const taken: StreamEvent[] = [];
  try {
    for await (const event of stream) {
      taken.push(event);
      if (taken.length === count) break;
    }
  } finally {
    await stream.return(undefined);
  }
  return taken;
}

const recordOf = ({ data }: StreamEvent): WireTopicRecord => JSON.parse(data) as WireTopicRecord;
const places = (taken: readonly StreamEvent[]): readonly string[] =>
  taken.map(recordOf).map((record) => `${record.partition}/${record.offset}`);

export const streamCases: readonly HttpCase[] = [
  topicCase("a partition's stream has what was there and what comes", {}, async (api, topic) => {
    await api.produce(topic, [{ value: "0" }, { value: "1" }]);
    const stream = events(api, `/topics/${topic}/partitions/0/records?offset=earliest`);
    const first = await stream.next();
    assert.ok(first.done === false);
    assert.equal(recordOf(first.value).value, "0");
    await api.produce(topic, [{ value: "2" }]);
    const rest = await take(stream, 2);
    assert.deepEqual(
      rest.map(recordOf).map((record) => record.value),
      ["1", "2"],
    );
  }),

  topicCase("a partition's stream starts at the latest offset unless told otherwise", {}, async (api, topic) => {
    await api.produce(topic, [{ value: "before" }]);
    const response = await api.send(`/topics/${topic}/partitions/0/records`, { headers: { accept: mediaTypes.eventStream } });
    await api.produce(topic, [{ value: "after" }]);
    assert.ok(response.body);
    let text = "";
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
      text += piece;
      if (text.includes("after")) break;
    }
    assert.match(text, /after/);
    assert.doesNotMatch(text, /before/);
  }),

  topicCase("a partition's stream that reconnects misses nothing and repeats nothing", {}, async (api, topic) => {
    const path = `/topics/${topic}/partitions/0/records?offset=earliest`;
    const seen: string[] = [];
    let last = "";
    for (let connection = 0; connection < 5; connection++) {
      await api.produce(topic, [{ value: "a" }, { value: "b" }, { value: "c" }]);
      const taken = await take(events(api, path, last === "" ? {} : { "last-event-id": last }), 2);
      last = taken.at(-1)?.id ?? "";
      seen.push(...places(taken));
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 10 }, (_, offset) => `0/${offset}`),
    );
  }),

  topicCase(
    "a topic's stream that reconnects misses nothing and repeats nothing",
    { partitions: 5, partitionsPerShard: 2 },
    async (api, topic) => {
      const seen: string[] = [];
      let last = "";
      for (let connection = 0; connection < 6; connection++) {
        await api.produce(
          topic,
          [0, 1, 2, 3, 4].map((partition) => ({ value: "v", partition })),
        );
        const taken = await take(events(api, `/topics/${topic}/records?offset=earliest`, last === "" ? {} : { "last-event-id": last }), 4);
        last = taken.at(-1)?.id ?? "";
        seen.push(...places(taken));
      }
      const rest = await take(events(api, `/topics/${topic}/records?offset=earliest`, { "last-event-id": last }), 6);
      seen.push(...places(rest));
      const all = [0, 1, 2, 3, 4].flatMap((partition) => [0, 1, 2, 3, 4, 5].map((offset) => `${partition}/${offset}`));
      assert.deepEqual(seen.toSorted(), all);
      for (const partition of [0, 1, 2, 3, 4]) {
        const own = seen.filter((place) => place.startsWith(`${partition}/`));
        assert.deepEqual(own, own.toSorted(), "in order within a partition");
      }
    },
  ),

  topicCase("a topic's stream takes in partitions that are added", { partitions: 1 }, async (api, topic) => {
    const stream = events(api, `/topics/${topic}/records?offset=earliest`);
    await api.produce(topic, [{ value: "first" }]);
    const first = await stream.next();
    assert.ok(first.done === false);
    await api.json(`/topics/${topic}`, { method: "PATCH", headers: { "content-type": mediaTypes.json }, body: '{"partitions":3}' });
    await api.produce(topic, [{ value: "second", partition: 2 }]);
    assert.deepEqual(places(await take(stream, 1)), ["2/0"]);
  }),

  topicCase("a stream's records are written as asked, one line each", {}, async (api, topic) => {
    await api.produce(topic, '{"records":[{"value":{"a":\n[1.0,\r\n2]}}]}');
    const [event] = await take(events(api, `/topics/${topic}/partitions/0/records?offset=0&format=json`), 1);
    assert.deepEqual(recordOf(event as StreamEvent).value, { a: [1, 2] });
    const [base64] = await take(events(api, `/topics/${topic}/records?offset=earliest&format=base64`), 1);
    assert.ok(recordOf(base64 as StreamEvent).valueBase64);
  }),

  topicCase("a stream cannot start where nothing is", {}, async (api, topic) => {
    const headers = { accept: mediaTypes.eventStream };
    const partition = `/topics/${topic}/partitions/0/records`;
    await api.refused(416, "offset_out_of_range", `${partition}?offset=1`, { headers });
    await api.refused(416, "offset_out_of_range", `/topics/${topic}/records?offset=1`, { headers });
    await api.refused(416, "offset_out_of_range", partition, { headers: { ...headers, "last-event-id": "7" } });
    await api.refused(400, "invalid_request", partition, { headers: { ...headers, "last-event-id": "x" } });
    await api.refused(400, "invalid_request", `/topics/${topic}/records`, { headers: { ...headers, "last-event-id": "x" } });
    await api.refused(400, "invalid_request", `${partition}?wait=1`, { headers });
    await api.refused(404, "unknown_topic_or_partition", `/topics/${topic}-none/records`, { headers });
  }),
];
