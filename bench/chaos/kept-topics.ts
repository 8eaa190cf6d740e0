import { type Gone, KeptTopic } from "../../lib/testing/sim/kept-topic.ts";
import { type Connection, pause } from "./connection.ts";
import { KeptClient } from "./kept-client.ts";

const hourMs = 3_600_000;
const keys = 5;
const everything = Number.POSITIVE_INFINITY;

/** A topic of which records go, and what its writer does. */
interface Kind {
  readonly name: string;
  readonly gone: Gone;
  readonly config: Readonly<Record<string, string | number>>;
  /** How long its records are, beside their names. */
  readonly charsMin: number;
  readonly charsMax: number;
  readonly pauseMsMax: number;
  readonly trims: boolean;
}

/** More than waits to be sealed most of the time: that alone must not be what is kept. */
const retainedBytes = 24 * 1024 * 1024;
/** So long that a shard is sealed by its bytes in the middle of a life, and the journal goes on in new files. */
const bigChars = 500_000;
/** What a record is in a batch, and a batch in a segment, beside the value's filling; far more than they are. */
const aroundBytes = 4_096;

const kinds: readonly Kind[] = [
  {
    name: "trimmed",
    gone: { isTrimmed: true, isCompacted: false, keptMin: everything },
    config: { "retention.ms": -1 },
    charsMin: 0,
    charsMax: 2_000,
    pauseMsMax: 60,
    trims: true,
  },
  {
    name: "bounded",
    gone: { isTrimmed: false, isCompacted: false, keptMin: Math.floor(retainedBytes / (bigChars + aroundBytes)) },
    config: { "retention.ms": -1, "retention.bytes": retainedBytes },
    charsMin: bigChars,
    charsMax: bigChars,
    pauseMsMax: 30,
    trims: false,
  },
  {
    name: "compacted",
    gone: { isTrimmed: false, isCompacted: true, keptMin: everything },
    config: { "cleanup.policy": "compact", "min.cleanable.dirty.ratio": 0, "delete.retention.ms": hourMs },
    charsMin: 0,
    charsMax: 20_000,
    pauseMsMax: 60,
    trims: false,
  },
  {
    name: "compacted-and-trimmed",
    gone: { isTrimmed: true, isCompacted: true, keptMin: everything },
    config: { "cleanup.policy": "compact,delete", "retention.ms": -1, "min.cleanable.dirty.ratio": 0.3, "delete.retention.ms": hourMs },
    charsMin: 0,
    charsMax: 2_000,
    pauseMsMax: 60,
    trims: true,
  },
];

/** Topics of which records go while the run goes on. */
export class KeptTopics {
  readonly #clients: readonly { readonly kind: Kind; readonly client: KeptClient }[];
  readonly #connection: Connection;

  constructor(connection: Connection, problems: string[]) {
    this.#connection = connection;
    this.#clients = kinds.map((kind) => ({ kind, client: new KeptClient(connection, new KeptTopic(kind.name, kind.gone), problems) }));
  }

  async create(): Promise<void> {
    for (const { kind, client } of this.#clients) await client.create(kind.config);
  }

  /** Writers and readers, until the run ends. */
  async run(): Promise<void> {
    await Promise.all(this.#clients.flatMap(({ kind, client }) => [this.#write(kind, client), this.#read(client)]));
  }

  /** By topic: how many records are gone. */
  async judgeAll(): Promise<ReadonlyMap<string, number>> {
    const gone = new Map<string, number>();
    for (const { kind, client } of this.#clients) gone.set(kind.name, await client.judgeAll());
    return gone;
  }

  async #write({ trims, charsMin, charsMax, pauseMsMax }: Kind, client: KeptClient): Promise<void> {
    while (!this.#connection.isEnding) {
      await pause(Math.random() * pauseMsMax);
      const chars = charsMin + Math.floor(Math.random() * (charsMax - charsMin));
      await client.append(`key ${Math.floor(Math.random() * keys)}`, Math.random() < 0.2, chars);
      const { askedFor, certain } = client.kept;
      if (trims && Math.random() < 0.1) await client.trim(askedFor + Math.floor(Math.random() * (certain - askedFor)));
    }
  }

  async #read(client: KeptClient): Promise<void> {
    while (!this.#connection.isEnding) {
      await pause(Math.random() * 200);
      await client.look();
    }
  }
}
