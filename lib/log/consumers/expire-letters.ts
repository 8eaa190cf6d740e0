import type { Catalog } from "../../ports/catalog.ts";
import type { Journal } from "../../ports/journal.ts";
import { eachItem } from "../each-item.ts";
import type { Topic, Topics } from "../log.ts";
import type { Frontiers } from "../strata/frontiers.ts";
import { topicGone } from "../topic-gone.ts";
import { transactIf } from "../transact-if.ts";
import { watermarksOf } from "../watermarks.ts";
import { letterKey, type LetterRow, lettersPk, readLetter } from "./letter-row.ts";

export interface LetterServices {
  readonly catalog: Catalog;
  readonly journal: Journal;
  readonly frontiers: Frontiers;
  readonly topics: Pick<Topics, "get">;
}

/** Forgets the dead letters of a group of which no record is in the log any more: nothing is left that could be delivered once more. */
export async function expireLetters(services: LetterServices, group: string): Promise<void> {
  const { catalog } = services;
  const starts = new Starts(services);
  for await (const item of eachItem(catalog, lettersPk(group))) {
    const letter = readLetter(item);
    if ((await starts.of(letter)) < letter.toOffset) continue;
    await transactIf(catalog, [{ key: letterKey(group, letter.id), delete: true, if: letter.version }]);
  }
}

/** Where partitions begin, each read once. */
class Starts {
  readonly #services: LetterServices;
  readonly #topics = new Map<string, Promise<Topic | undefined>>();
  readonly #starts = new Map<string, Promise<number>>();

  constructor(services: LetterServices) {
    this.#services = services;
  }

  of(letter: LetterRow): Promise<number> {
    const { topicId, partition } = letter;
    const key = `${topicId}/${partition}`;
    const known = this.#starts.get(key) ?? this.#read(letter);
    this.#starts.set(key, known);
    return known;
  }

  /** @returns Infinity of a topic that is gone */
  async #read({ topic: name, topicId, partition }: LetterRow): Promise<number> {
    const topic = await (this.#topics.get(name) ?? this.#topicOf(name));
    if (topic?.id !== topicId) return Number.POSITIVE_INFINITY;
    const [marks] = (await watermarksOf(this.#services, topic, [partition]).catch(topicGone)) ?? [];
    return marks?.logStartOffset ?? Number.POSITIVE_INFINITY;
  }

  #topicOf(name: string): Promise<Topic | undefined> {
    const topic = this.#services.topics.get(name).catch(topicGone);
    this.#topics.set(name, topic);
    return topic;
  }
}
