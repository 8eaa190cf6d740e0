import type { FetchAnswer } from "../../lib/http/wire.ts";
import type { KeptTopic } from "../../lib/testing/sim/kept-topic.ts";
import { type Connection, postJson } from "./connection.ts";
import { padded } from "./padding.ts";
import { readAll, seenIn } from "./reader.ts";

/** Where a topic's records are that may go: its one writer, and any number of readers. What is wrong they say. */
export class KeptClient {
  readonly kept: KeptTopic;
  readonly #connection: Connection;
  readonly #problems: string[];
  /** The highest log start offset that anybody was told. */
  #startSeen = 0;

  constructor(connection: Connection, kept: KeptTopic, problems: string[]) {
    this.#connection = connection;
    this.kept = kept;
    this.#problems = problems;
  }

  /** Makes the topic; nobody else makes or deletes one of its name. */
  async create(config: Readonly<Record<string, string | number>>): Promise<void> {
    const { status, isRepeated } = await this.#connection.expect([201, 409], "", postJson({ name: this.kept.name, config }));
    if (status === 409 && !isRepeated) this.#problems.push(`${this.kept.name} is said to be there before it is made`);
  }

  async delete(): Promise<void> {
    const { name } = this.kept;
    const { status, isRepeated } = await this.#connection.expect([204, 404], `/${name}`, { method: "DELETE" });
    if (status === 404 && !isRepeated) this.#problems.push(`${name} is said to be gone before it is deleted`);
    await this.#connection.expect([404], `/${name}/partitions/0/records`);
  }

  /** Compare-and-append: by its answer it is known whether a request is in that was sent before. @param chars beside the value's name */
  async append(key: string, isTombstone: boolean, chars: number): Promise<void> {
    const { name } = this.kept;
    const value = `${name}.${this.kept.certain}`;
    const offset = this.kept.send(key, isTombstone ? "" : value);
    const request = postJson({ records: [{ key, value: isTombstone ? null : padded(value, chars) }] });
    const answer = await this.#connection.expect([200, 412], `/${name}/records?expectedOffset=${offset}`, request);
    this.kept.acknowledge();
    const { error } = answer.body as { readonly error?: { readonly actualOffset?: number } };
    if (answer.status === 412 && !(answer.isRepeated && error?.actualOffset === offset + 1))
      this.#problems.push(`${name} goes on at ${error?.actualOffset}, and ${offset} is next`);
  }

  /** Deletes the records before an offset. */
  async trim(before: number): Promise<void> {
    const { name } = this.kept;
    // Before it is sent: it may be done whatever is answered.
    this.kept.askedFor = Math.max(this.kept.askedFor, before);
    const { body } = await this.#connection.expect([200], `/${name}/partitions/0/records?before=${before}`, { method: "DELETE" });
    this.#judgeStart(body as FetchAnswer, before);
  }

  /** Reads from somewhere. */
  async look(): Promise<void> {
    const { kept } = this;
    if (kept.certain === 0) return;
    const [from, startSeen] = [Math.floor(Math.random() * kept.certain), this.#startSeen];
    const { status, body } = await this.#connection.expect([200, 416], `/${kept.name}/partitions/0/records?offset=${from}&limit=200`);
    if (status === 200) {
      const answer = body as FetchAnswer;
      this.#judgeStart(answer, startSeen);
      this.#problems.push(...kept.judge(from, answer, seenIn(answer)));
      if (from < startSeen) this.#problems.push(`${kept.name} gives ${from} again, and has begun at ${startSeen}`);
    } else if (from >= kept.startMax)
      this.#problems.push(`${kept.name} has no offset ${from}, and may begin at ${kept.startMax} at most: ${JSON.stringify(body)}`);
  }

  /** Reads all of it, while nobody writes. @returns how many of the records that were sent are gone */
  async judgeAll(): Promise<number> {
    const { kept } = this;
    const startSeen = this.#startSeen;
    const answer = await readAll(this.#connection, kept.name, 0);
    this.#judgeStart(answer, startSeen);
    this.#problems.push(...kept.judgeAll(answer.logStartOffset, answer.highWatermark, answer.seen, false));
    return kept.certain - answer.seen.length;
  }

  /** A log start offset that somebody was told is one for ever. */
  #judgeStart({ logStartOffset }: Pick<FetchAnswer, "logStartOffset">, least: number): void {
    if (logStartOffset < least) this.#problems.push(`${this.kept.name} starts at ${logStartOffset}, and has started at ${least}`);
    this.#startSeen = Math.max(this.#startSeen, logStartOffset);
  }
}
