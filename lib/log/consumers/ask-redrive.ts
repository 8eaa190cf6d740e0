import { mapBounded } from "../../core/bounded.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { CatalogWrite } from "../../ports/catalog.ts";
import { eachItem } from "../each-item.ts";
import { transactIf } from "../transact-if.ts";
import type { Consumer } from "./consumers.ts";
import { letterKey, type LetterRow, lettersPk, letterWrite, readLetter, redriveKey, redriveWrite } from "./letter-row.ts";
import type { DeliveryServices } from "./services.ts";

/** Letters of one step: each is marked, and so is its partition. */
const stepLetters = Math.floor(limits.transactWritesMax / 2);

/** Asks for dead letters to be delivered once more. @param ids Default: all of the topic that the consumer reads @returns how many were not asked for yet */
export async function askRedrive(services: DeliveryServices, consumer: Consumer, ids: readonly string[] | undefined): Promise<number> {
  const { catalog } = services;
  if (ids !== undefined) return await askFor(services, consumer.group, await lettersOf(services, consumer, ids));
  let count = 0;
  let step: LetterRow[] = [];
  for await (const item of eachItem(catalog, lettersPk(consumer.group))) {
    const letter = readLetter(item);
    if (letter.topic === consumer.topic) step.push(letter);
    if (step.length < stepLetters) continue;
    count += await askFor(services, consumer.group, step);
    step = [];
  }
  return count + (await askFor(services, consumer.group, step));
}

async function lettersOf({ catalog }: DeliveryServices, { group, topic }: Consumer, ids: readonly string[]): Promise<readonly LetterRow[]> {
  return await mapBounded([...new Set(ids)], limits.shardConcurrency, async (id) => {
    const item = await catalog.get(letterKey(group, id));
    if (item === undefined) throw new LogError("not_found", `Group ${group} has no dead letter ${id}: nothing was asked for.`);
    const letter = readLetter(item);
    if (letter.topic === topic) return letter;
    const message = `Dead letter ${id} is of topic ${letter.topic}, and consumer ${group} reads ${topic} now: nothing was asked for.`;
    throw new LogError("invalid_request", message);
  });
}

async function askFor({ catalog }: DeliveryServices, group: string, letters: readonly LetterRow[]): Promise<number> {
  let count = 0;
  for (let at = 0; at < letters.length; at += stepLetters) {
    const step = letters.slice(at, at + stepLetters);
    // One by one where one was delivered, forgotten, or given up anew, just now.
    const done = (await transactIf(catalog, asking(group, step)))
      ? step
      : await eachAlone(step, (letter) => transactIf(catalog, asking(group, [letter])));
    count += done.filter(({ isRedriving }) => !isRedriving).length;
  }
  return count;
}

/** Also for one that was asked for before: its partition is found again, whatever became of the mark. */
function asking(group: string, letters: readonly LetterRow[]): readonly CatalogWrite[] {
  const marks = new Map(letters.map((letter) => [redriveKey({ group, ...letter }).sk, redriveWrite({ group, ...letter })]));
  return [...letters.map((letter) => letterWrite(group, { ...letter, isRedriving: true })), ...marks.values()];
}

async function eachAlone(letters: readonly LetterRow[], ask: (letter: LetterRow) => Promise<boolean>): Promise<readonly LetterRow[]> {
  const done: LetterRow[] = [];
  for (const letter of letters) if (await ask(letter)) done.push(letter);
  return done;
}
