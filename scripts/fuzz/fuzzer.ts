import assert from "node:assert/strict";
import { createMemoryEngine } from "../../lib/engines/memory/index.ts";
import { type App, createApp } from "../../lib/http/app.ts";
import { type AppResponse, isStream } from "../../lib/http/message.ts";
import type { FetchAnswer, ProduceAnswer } from "../../lib/http/wire.ts";
import { createLog } from "../../lib/log/create-log.ts";
import type { Log } from "../../lib/log/log.ts";
import { nodeClock } from "../../lib/node/clock.ts";
import { nodeCompression } from "../../lib/node/compression.ts";
import { nodeRandom } from "../../lib/node/random.ts";
import { woundedBatch } from "./batches.ts";
import { mutateBytes, mutateText } from "./mutate.ts";
import { checkStored, recordsOf } from "./oracle.ts";
import { PlainRequest } from "./plain-request.ts";
import { SeededRandom } from "./random.ts";
import { headersFor, largeBody, ndjsonBodies, produceBodies, queryText, tokenSoup, topicBodies } from "./texts.ts";

const topic = "fuzzed";
const partitions = 3;
/** A fresh log after so many inputs keeps the memory flat. */
const inputsPerLog = 2_000;
const json = "application/json";
const ndjson = "application/x-ndjson";
const rawBatch = "application/vnd.stratalog.record-batch";

export interface FuzzResult {
  readonly inputs: number;
  /** How many were taken: a fuzzer whose every input is refused tests little. */
  readonly accepted: number;
  readonly findings: readonly string[];
}

/** Sends seeded bad input to the app over a log in memory. Same seed and count, same inputs. */
export async function fuzzHttp(inputs: number, seed: number, findingsMax = 20): Promise<FuzzResult> {
  const random = new SeededRandom(seed);
  const findings: string[] = [];
  let accepted = 0;
  let world = await World.open();
  for (let nth = 0; nth < inputs && findings.length < findingsMax; nth++) {
    if (nth % inputsPerLog === inputsPerLog - 1) world = await world.renew();
    const request = makeRequest(random, world.batches);
    try {
      if (await world.check(request)) accepted++;
    } catch (error) {
      findings.push(describe(request, nth, error));
      world = await world.renew();
    }
  }
  await world.close();
  return { inputs, accepted, findings };
}

function makeRequest(random: SeededRandom, batches: readonly Uint8Array[]): PlainRequest {
  const records = `/v1/topics/${topic}/records`;
  const wounded = (bodies: readonly string[]): Uint8Array => {
    const body = Buffer.from(random.pick(bodies));
    return random.chance(8) ? body : mutateBytes(random, body);
  };
  switch (random.below(10)) {
    case 0:
    case 1:
    case 2:
      return new PlainRequest("POST", records, { "content-type": json }, wounded(produceBodies));
    case 3:
      return new PlainRequest(
        "POST",
        records,
        { "content-type": json },
        Buffer.from(random.chance(50) ? largeBody(random) : tokenSoup(random)),
      );
    case 4:
      return new PlainRequest("POST", records, { "content-type": ndjson }, wounded(ndjsonBodies));
    case 5:
    case 6:
      return new PlainRequest(
        "POST",
        `${records}?partition=${random.below(partitions)}`,
        { "content-type": rawBatch },
        woundedBatch(random, random.pick(batches)),
      );
    case 7: {
      const [type, body] = random.pick([
        [json, wounded(produceBodies)],
        [ndjson, wounded(ndjsonBodies)],
        [rawBatch, random.pick(batches)],
      ] as const);
      return new PlainRequest("POST", records + queryText(random), headersFor(random, type), body);
    }
    case 8: {
      const path = random.pick([
        `/v1/topics/${topic}/partitions/${random.below(partitions + 1)}/records`,
        records,
        `/v1/topics/${topic}/offsets`,
        "/v1/topics",
      ]);
      return new PlainRequest(
        random.pick(["GET", "GET", "GET", "HEAD"]),
        (random.chance(5) ? mutateText(random, path) : path) + queryText(random),
        headersFor(random, json),
      );
    }
    default: {
      const path = random.pick(["/v1/topics", `/v1/topics/${topic}`, `/v1/topics/other`, "/openapi.json", "/", "*"]);
      return new PlainRequest(
        random.pick(["POST", "PATCH", "PUT", "GET", "OPTIONS", "BREW"]),
        path,
        headersFor(random, json),
        wounded(topicBodies),
      );
    }
  }
}

/** One log with what has to stay true of it. */
class World {
  readonly log: Log;
  readonly app: App;
  batches: readonly Uint8Array[] = [];

  private constructor(log: Log) {
    this.log = log;
    this.app = createApp(log, { compression: nodeCompression });
  }

  static async open(): Promise<World> {
    const world = new World(createLog(createMemoryEngine(), { clock: nodeClock, random: nodeRandom, compression: nodeCompression }));
    await world.#fill();
    return world;
  }

  async renew(): Promise<World> {
    await this.close();
    return World.open();
  }

  close(): Promise<void> {
    return this.log.close();
  }

  /** @returns whether the request was accepted. Throws on a finding. */
  async check(request: PlainRequest): Promise<boolean> {
    const before = await this.#marks();
    const { status, text } = await read(await this.app.handle(request));
    assert.ok(status < 500, `status ${status}: ${text.slice(0, 300)}`);
    assert.doesNotMatch(text, /\n {4}at /, "no stack");
    const isProduce = request.method === "POST" && request.url.startsWith(`/v1/topics/${topic}/records`);
    if (status >= 400) {
      assert.match(text === "" ? '{"error":' : text, /^\{("offsets"|"error"):/, "an error has its form");
      assert.deepEqual(await this.#marks(), before, `status ${status} changed the log`);
      return false;
    }
    if (isProduce) await this.#checkReadBack(request, JSON.parse(text) as ProduceAnswer, before);
    return true;
  }

  async #checkReadBack(request: PlainRequest, { offsets }: ProduceAnswer, before: readonly number[]): Promise<void> {
    const next = [...before];
    const stored = [];
    for (const result of offsets) {
      assert.ok("offset" in result);
      const url = `/v1/topics/${topic}/partitions/${result.partition}/records?offset=${result.offset}&format=base64&limit=1`;
      const { status, text } = await read(await this.app.handle(new PlainRequest("GET", url)));
      assert.equal(status, 200, `what was accepted cannot be read: ${text.slice(0, 300)}`);
      const answer = JSON.parse(text) as FetchAnswer;
      assert.equal(answer.records[0]?.offset, result.offset);
      stored.push(...answer.records);
      next[result.partition] = Math.max(next[result.partition] ?? 0, answer.highWatermark);
    }
    assert.deepEqual(await this.#marks(), next);
    const type = request.header("content-type") ?? "";
    const isDuplicate = request.header("producer-id") !== undefined;
    if (!isDuplicate && !type.startsWith(rawBatch)) checkStored(recordsOf(request.body, type.startsWith(ndjson)), stored);
  }

  async #marks(): Promise<readonly number[]> {
    const marks = await this.log.watermarks(topic);
    return marks.map((mark) => mark.highWatermark);
  }

  /** Records, and batches of each compression to wound. */
  async #fill(): Promise<void> {
    const batches: Uint8Array[] = [];
    for (const compression of ["uncompressed", "gzip", "zstd"]) {
      const name = `source-${compression}`;
      await this.log.topics.create({ name, config: { "compression.type": compression } });
      const value = Buffer.from("value ".repeat(5));
      const record = { key: Buffer.from("key"), value, headers: [{ key: "h", value: Buffer.from("1") }] };
      await this.log.append(name, { records: [record, { ...record, key: null, headers: [] }, { ...record, value: null }] });
      batches.push((await this.log.fetch(name, 0, { from: 0 })).batches);
    }
    this.batches = batches;
    await this.log.topics.create({ name: topic, partitions, partitionsPerShard: 2 });
  }
}

/** A stream is read for one piece, as its client may leave at any time. */
async function read({ status, headers, body }: AppResponse): Promise<{ readonly status: number; readonly text: string }> {
  if (!isStream(body)) return { status, text: body === undefined ? "" : Buffer.from(body).toString() };
  let text = "";
  for await (const piece of body) {
    text += Buffer.from(piece).toString();
    if (headers["content-type"] === "text/event-stream") break;
  }
  return { status, text };
}

function describe(request: PlainRequest, nth: number, error: unknown): string {
  const { method, url, headers, body } = request;
  const input = JSON.stringify({ nth, method, url, headers, body: Buffer.from(body.subarray(0, 2_000)).toString("base64") });
  return `${error instanceof Error ? error.message : String(error)}\n  ${input}`;
}
