import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { mediaTypes } from "../../lib/http/wire.ts";
import { createTopic } from "../support/api.ts";
import { type Child, startStratalog } from "../support/child.ts";
import { SequentialWriter } from "../support/disk.ts";
import { Connection, httpRequest } from "../support/load.ts";
import { figure, median, type Metric, percentile, progress } from "../support/metrics.ts";

const warmUpRecords = 500;
/** Between two records: what the one before leaves to do (its offset's commit) is done by then. */
const pauseMs = 2;
const loadConnections = 8;
const toldBytes = 16;

/** Takes the time when it is called, on the clock that all processes of a machine share, and then tells how long its record was on the way: 16 bytes a record. */
const handlerCode = `import { connect } from "node:net";
const socket = connect(PORT, "127.0.0.1").setNoDelay(true);
export const handler = async ({ records }) => {
  const enteredNs = process.hrtime.bigint();
  for (const { value } of Object.values(records).flat()) {
    const sentNs = BigInt(Buffer.from(value, "base64").toString().slice(0, 20));
    socket.write(String(enteredNs - sentNs).padStart(16));
  }
};
`;

interface Round {
  readonly toHandlerMs: readonly number[];
  readonly acknowledgedMs: readonly number[];
  readonly forcedMs: readonly number[];
}

/**
 * How long it takes from when a record's append is sent, by HTTP to the real server, to when its function is entered: beside one write and fdatasync of the same bytes, by turns.
 * At idle, and while others append to another topic as fast as they can.
 */
export async function measureLatency(folder: string, rounds: number, records: number): Promise<Metric[]> {
  const handler = join(folder, "handler.mjs");
  const told = await Told.open();
  await writeFile(handler, handlerCode.replace("PORT", String(told.port)));
  const server = await startStratalog(join(folder, "data"), ["--consumer", handler, "--topic", "t", "--from-beginning"]);
  const disk = await mkdtemp(join(folder, "disk-"));
  const writer = new SequentialWriter(disk);
  const results: Record<"idle" | "loaded", Round[]> = { idle: [], loaded: [] };
  try {
    await createTopic(server, "load", 1);
    await measure(server, told, writer, warmUpRecords);
    for (let round = 0; round < rounds; round++) {
      progress(`append to handler, round ${round + 1} of ${rounds} …`);
      results.idle.push(await measure(server, told, writer, records));
      const load = new Load(server);
      results.loaded.push(await measure(server, told, writer, records));
      await load.end();
    }
  } finally {
    writer.close();
    await server.stop();
    told.close();
    await rm(disk, { recursive: true });
  }
  return [...metricsOf("at idle", results.idle), ...metricsOf("under load", results.loaded)];
}

function metricsOf(when: string, rounds: readonly Round[]): Metric[] {
  const overRounds = (of: (round: Round) => number): number => median(rounds.map(of));
  const name = `append to handler ${when}`;
  const forced = ({ forcedMs }: Round): number => median(forcedMs);
  return [
    figure(
      `${name}, median`,
      overRounds((round) => median(round.toHandlerMs) / forced(round)),
      "fdatasyncs",
    ),
    figure(
      `${name}, p99`,
      overRounds((round) => percentile(round.toHandlerMs, 0.99) / forced(round)),
      "fdatasyncs",
    ),
    figure(
      `${name}, median`,
      overRounds(({ toHandlerMs }) => median(toHandlerMs)),
      "ms",
    ),
    figure(
      `${name}, p99`,
      overRounds(({ toHandlerMs }) => percentile(toHandlerMs, 0.99)),
      "ms",
    ),
    figure(
      `acknowledgement of the same ${when}, median`,
      overRounds(({ acknowledgedMs }) => median(acknowledgedMs)),
      "ms",
    ),
    figure(`one write and fdatasync ${when}, median`, overRounds(forced), "ms"),
  ];
}

async function measure({ port }: Child, told: Told, writer: SequentialWriter, records: number): Promise<Round> {
  const connection = await Connection.open(port);
  const [acknowledgedMs, forcedMs]: [number[], number[]] = [[], []];
  const toHandlerMs: number[] = [];
  try {
    for (let nth = 0; nth < records; nth++) {
      forcedMs.push(writer.writeMs(bodyNow(), 1));
      const sent = performance.now();
      await connection.send(httpRequest(port, { path: "/v1/topics/t/records", contentType: mediaTypes.json, body: bodyNow() }));
      acknowledgedMs.push(performance.now() - sent);
      toHandlerMs.push(await told.next());
      await sleep(pauseMs);
    }
  } finally {
    connection.close();
  }
  return { toHandlerMs, acknowledgedMs, forcedMs };
}

/** A record of 100 B that begins with the time. */
function bodyNow(): Buffer {
  return Buffer.from(JSON.stringify({ records: [{ value: String(process.hrtime.bigint()).padStart(20, "0").padEnd(100, "x") }] }));
}

/** Appends to another topic, 8 requests of a record in flight, until it is ended. */
class Load {
  #isOver = false;
  readonly #workers: readonly Promise<void>[];

  constructor(server: Child) {
    this.#workers = Array.from({ length: loadConnections }, () => this.#run(server));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#workers);
  }

  async #run({ port }: Child): Promise<void> {
    const connection = await Connection.open(port);
    const request = httpRequest(port, { path: "/v1/topics/load/records", contentType: mediaTypes.json, body: bodyNow() });
    while (!this.#isOver) await connection.send(request);
    connection.close();
  }
}

/** What the handler tells: one time a record. */
class Told {
  readonly #server: Server;
  #text = "";
  #wake: (() => void) | undefined;

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket) => {
      socket.on("data", (chunk) => {
        this.#text += chunk.toString();
        this.#wake?.();
      });
    });
  }

  static async open(): Promise<Told> {
    const server = createServer();
    const told = new Told(server);
    await once(server.listen(0, "127.0.0.1"), "listening");
    return told;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** @returns milliseconds */
  async next(): Promise<number> {
    while (this.#text.length < toldBytes) await new Promise<void>((resolve) => (this.#wake = resolve));
    const ns = Number(this.#text.slice(0, toldBytes));
    this.#text = this.#text.slice(toldBytes);
    return ns / 1e6;
  }

  close(): void {
    this.#server.close();
  }
}
