import type { DeadLetterBody } from "../../client/index.ts";
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
    "All of them, or those of the ids. The function is called with the records as they are in the log, within a minute;",
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
    // A request takes so many ids.
    const parts = ids.length === 0 ? [undefined] : chunks(ids, limits.deadLetterListMax);
    let redriving = 0;
    for (const part of parts) redriving += await consumers.redrive(group, part).catch(withAdvice);
    await answer(context, { group, dryRun: false, redriving }, () => `${count(redriving, "dead letter")} will be delivered once more.\n`);
    if (redriving > 0 && !context.json) await sayIfPaused(context, group);
    return 0;
  },
};

async function dryRun(context: Context, group: string, ids: readonly string[]): Promise<number> {
  const letters = await allLetters(context.client(), group, context.io.signal);
  const wanted = ids.length === 0 ? letters : ids.map((id) => letterOf(letters, group, id));
  const deadLetters = wanted.filter(({ redriving }) => !redriving);
  const data = { group, dryRun: true, redriving: deadLetters.length, deadLetters };
  await answer(context, data, () => (deadLetters.length === 0 ? "" : letterTable(deadLetters, Date.now())));
  await say(context, `Nothing was changed: this was a dry run. ${count(deadLetters.length, "dead letter")} would be delivered once more.`);
  return 0;
}

/** @throws not_found, as the server does */
function letterOf(letters: readonly DeadLetterBody[], group: string, id: string): DeadLetterBody {
  const letter = letters.find((each) => each.id === id);
  if (letter !== undefined) return letter;
  return withAdvice(new LogError("not_found", `Group ${group} has no dead letter ${id}: nothing was asked for.`));
}

async function sayIfPaused(context: Context, group: string): Promise<void> {
  const { enabled } = await context.client().consumers.get(group);
  if (!enabled) await say(context, `Consumer ${group} is paused: they wait for stratalog consumers resume ${group}`);
}

function chunks(ids: readonly string[], size: number): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(ids.length / size) }, (_, nth) => ids.slice(nth * size, (nth + 1) * size));
}
