import type { DeadLetterBody, LogClient } from "../../client/index.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { type Command, type Context, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";
import { count } from "../table.ts";
import { allLetters, letterTable, withAdvice } from "./consumers-text.ts";

export const consumersRedrive: Command = {
  path: ["consumers", "redrive"],
  summary: "Deliver a triggered consumer's dead letters once more, to this group alone.",
  details: [
    "All of them that are of the topic it reads, or those of the ids. The function is called with the records as they are in the log, within a minute;",
    "what succeeds is no dead letter any more, what fails is one again.",
  ],
  client: true,
  positionals: [{ name: "GROUP", doc: "the consumer's group" }],
  flags: {
    id: { type: "string", value: "ID", multiple: true, doc: "Only this dead letter: stratalog consumers dead-letters GROUP has the ids." },
    "dry-run": { type: "boolean", doc: "Show what would be delivered, and do nothing." },
    ...jsonFlag,
  },
  examples: [
    "stratalog consumers redrive billing --dry-run",
    "stratalog consumers redrive billing",
    "stratalog consumers redrive billing --id orders/00003/0000000000000000042",
  ],
  run: async (context) => {
    const { args, client } = context;
    const group = args.positional(0);
    const ids = [...new Set(args.all("id"))];
    if (args.has("dry-run")) return await dryRun(context, group, ids);
    const { consumers } = client();
    const redriving = ids.length === 0 ? await consumers.redrive(group).catch(withAdvice) : await redriveIds(consumers, group, ids);
    await answer(context, { group, dryRun: false, redriving }, () => `${count(redriving, "dead letter")} will be ${onceMore}.\n`);
    if (redriving > 0 && !context.json) await sayIfPaused(context, group);
    return 0;
  },
};

/** What counts: an id that waits already is none more. */
const onceMore = "delivered once more, beside those asked for before";

/** A request takes so many ids. @throws LogError, which tells what was done before it */
async function redriveIds(consumers: LogClient["consumers"], group: string, ids: readonly string[]): Promise<number> {
  const size = limits.deadLetterListMax;
  let redriving = 0;
  for (let done = 0; done < ids.length; done += size) {
    try {
      redriving += await consumers.redrive(group, ids.slice(done, done + size)).catch(withAdvice);
    } catch (reason) {
      if (done === 0) throw reason;
      const { code, message, outcome, details } = LogError.from(reason);
      const before = `The first ${done.toLocaleString("en-US")} of ${count(ids.length, "dead letter")} were asked for. Of those after them: `;
      throw new LogError(code, `${before}${message}`, { outcome, details: { ...details, redriving }, cause: reason });
    }
  }
  return redriving;
}

async function dryRun(context: Context, group: string, ids: readonly string[]): Promise<number> {
  const client = context.client();
  const { topic } = await client.consumers.get(group).catch(withAdvice);
  const letters = await allLetters(client, group, context.io.signal);
  const wanted = ids.length === 0 ? letters.filter((each) => each.topic === topic) : ids.map((id) => letterOf(letters, group, topic, id));
  const deadLetters = wanted.filter(({ redriving }) => !redriving);
  const data = { group, dryRun: true, redriving: deadLetters.length, deadLetters };
  await answer(context, data, () => (deadLetters.length === 0 ? "" : letterTable(deadLetters, Date.now())));
  await say(context, `Nothing was changed: this was a dry run. ${count(deadLetters.length, "dead letter")} would be ${onceMore}.`);
  return 0;
}

/** @throws not_found, and invalid_request for one of a topic that the consumer does not read now, as the server does */
function letterOf(letters: readonly DeadLetterBody[], group: string, topic: string, id: string): DeadLetterBody {
  const letter = letters.find((each) => each.id === id);
  if (letter === undefined) return withAdvice(new LogError("not_found", `Group ${group} has no dead letter ${id}: nothing was asked for.`));
  if (letter.topic === topic) return letter;
  const message = `Dead letter ${id} is of topic ${letter.topic}, and consumer ${group} reads ${topic} now: nothing was asked for.`;
  throw new LogError("invalid_request", message);
}

async function sayIfPaused(context: Context, group: string): Promise<void> {
  const { enabled } = await context.client().consumers.get(group);
  if (!enabled) await say(context, `Consumer ${group} is paused: they wait for stratalog consumers resume ${group}`);
}
