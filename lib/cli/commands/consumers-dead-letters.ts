import { type Command, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";
import { allLetters, letterTable } from "./consumers-text.ts";

export const consumersDeadLetters: Command = {
  path: ["consumers", "dead-letters"],
  summary: "List what a triggered consumer has given up, by topic, partition and offset.",
  details: ["An id is topic/partition/offset: where a range begins. UP TO is the first offset that is not of it."],
  client: true,
  positionals: [{ name: "GROUP", doc: "the consumer's group" }],
  flags: jsonFlag,
  examples: ["stratalog consumers dead-letters billing", "stratalog consumers dead-letters billing --json"],
  run: async (context) => {
    const { args, client, io } = context;
    const group = args.positional(0);
    const deadLetters = await allLetters(client(), group, io.signal);
    await answer(context, { group, deadLetters }, () => (deadLetters.length === 0 ? "" : letterTable(deadLetters, Date.now())));
    const more = `To deliver them once more: stratalog consumers redrive ${group} [--id ID]`;
    await say(context, deadLetters.length === 0 ? `Consumer ${group} has no dead letters.` : more);
    return 0;
  },
};
