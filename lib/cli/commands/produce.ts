import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import type { Producer } from "../../client/index.ts";
import { LogError } from "../../core/errors.ts";
import { type Command, type Context, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";
import { lines } from "../lines.ts";
import { Progress } from "../progress.ts";
import { count } from "../table.ts";
import { UsageError } from "../usage-error.ts";
import { LineError, type LineReader, lineReader } from "./produce-records.ts";

export const produce: Command = {
  path: ["produce"],
  summary: "Write records from standard input or a file, one a line.",
  details: [
    "A line's bytes are the record's value, without its end. Records of one key go to one partition, in order; each is in the log once,",
    "whatever is retried. When it ends with 0, every record is durable.",
  ],
  client: true,
  positionals: [{ name: "TOPIC", doc: "the topic's name" }],
  flags: {
    file: { type: "string", value: "PATH", doc: "Read a file, such as NDJSON, instead of standard input. Empty lines are skipped." },
    "key-separator": { type: "string", value: "TEXT", doc: "What stands between key and value in a line, such as : or \\t." },
    "key-field": { type: "string", value: "NAME", doc: "Lines are JSON objects; this member is the key. The value is the whole line." },
    "null-marker": { type: "string", value: "TEXT", doc: "A key or value that is this text is null (a null value is a tombstone)." },
    partition: { type: "string", value: "N", doc: "Write to this partition, whatever the key." },
    header: { type: "string", value: "NAME=VALUE", multiple: true, doc: "A header for every record." },
    "linger-ms": { type: "string", value: "MS", doc: "How long a record waits for company. Default 5." },
    "batch-bytes": { type: "string", value: "BYTES", doc: "How much goes in one request. Default 524288." },
    "delivery-timeout-ms": { type: "string", value: "MS", doc: "How long to retry. Default 120000." },
    ...jsonFlag,
  },
  examples: [
    "echo 'alice:one book' | stratalog produce orders --key-separator :",
    "stratalog produce flights --file flights.ndjson --key-field origin",
    "tail -F access.log | stratalog produce access --header host=web-1",
  ],
  run: async (context) => {
    const { args, client, io } = context;
    const topic = args.positional(0);
    const read = lineReader(args);
    const lingerMs = args.integer("linger-ms", 0, 60_000);
    const batchBytes = args.integer("batch-bytes", 1, 8 * 1024 * 1024);
    const deliveryTimeoutMs = args.integer("delivery-timeout-ms", 1, 24 * 3_600_000);
    const input = await inputOf(context);
    await client().topics.get(topic);
    const producer = client().producer({
      topic,
      ...(lingerMs === undefined ? {} : { lingerMs }),
      ...(batchBytes === undefined ? {} : { batchBytes }),
      ...(deliveryTimeoutMs === undefined ? {} : { deliveryTimeoutMs }),
    });
    const result = await sendLines(context, producer, input, read);
    const bySignal = io.signal.aborted ? " (stopped)" : "";
    if (context.json) await answer(context, { topic, records: result.acknowledged, failed: result.failed }, () => "");
    else if (result.error !== undefined || io.stdin.isTTY !== true || bySignal !== "" || input.isFile) {
      await say(context, `${count(result.acknowledged, "record")} durable in ${topic}${bySignal}.`);
    }
    if (result.failed > 0) await say(context, `${count(result.failed, "record")} not acknowledged.`);
    if (result.error !== undefined) throw result.error;
    return 0;
  },
};

interface Input {
  readonly stream: Readable;
  readonly isFile: boolean;
  readonly bytes: number | undefined;
}

async function inputOf({ args, io }: Context): Promise<Input> {
  const path = args.text("file");
  if (path === undefined || path === "-") return { stream: io.stdin, isFile: false, bytes: undefined };
  try {
    const { size } = await stat(path);
    return { stream: createReadStream(path, { highWaterMark: 256 * 1024 }), isFile: true, bytes: size };
  } catch (reason) {
    throw new UsageError(`--file ${path} cannot be read: ${reason instanceof Error ? reason.message : String(reason)}`);
  }
}

interface Sent {
  readonly acknowledged: number;
  readonly failed: number;
  readonly error: LogError | undefined;
}

/** Sends every line, and stops reading at the first that fails. */
async function sendLines({ io }: Context, producer: Producer, input: Input, read: LineReader): Promise<Sent> {
  const stop = new AbortController();
  const signal = AbortSignal.any([io.signal, stop.signal]);
  const asks = !input.isFile && io.stdin.isTTY === true;
  const progress = new Progress(io.stderr, input, () => performance.now());
  let acknowledged = 0;
  let failed = 0;
  let readBytes = 0;
  let number = 0;
  let error: LogError | undefined;
  const onFailure = (reason: unknown): void => {
    failed += 1;
    error ??= LogError.from(reason);
    stop.abort();
  };
  if (asks) io.stderr.write("> ");
  try {
    for await (const some of lines(input.stream, signal)) {
      for (const line of some) {
        number += 1;
        readBytes += line.length + 1;
        if (input.isFile && line.length === 0) continue;
        const record = read(line, number);
        await producer.ready();
        if (signal.aborted) break;
        producer.send(record).then(() => {
          acknowledged += 1;
        }, onFailure);
      }
      progress.update(readBytes, acknowledged);
      if (asks && !signal.aborted) io.stderr.write("> ");
    }
  } catch (reason) {
    error ??= reason instanceof LineError ? new LogError("invalid_request", reason.message) : LogError.from(reason);
  }
  await producer.close();
  progress.end(readBytes, acknowledged);
  return { acknowledged, failed, error };
}
