import { type Command, jsonFlag } from "../command.ts";
import { answer } from "../context.ts";
import { withAdvice } from "./consumers-text.ts";

const positionals = [{ name: "GROUP", doc: "the consumer's group", many: true }] as const;

export const consumersPause: Command = {
  path: ["consumers", "pause"],
  summary: "Pause triggered consumers: their functions are called no more until they are resumed.",
  details: ["A call that runs ends with its batch. Where a consumer has come to stays."],
  client: true,
  positionals,
  flags: jsonFlag,
  examples: ["stratalog consumers pause billing", "stratalog consumers pause billing shipping"],
  run: async (context) => {
    for (const group of context.args.positionals) {
      const { enabled } = await context.client().consumers.pause(group).catch(withAdvice);
      await answer(context, { group, enabled }, () => `Paused consumer ${group}.\n`);
    }
    return 0;
  },
};

export const consumersResume: Command = {
  path: ["consumers", "resume"],
  summary: "Resume triggered consumers that are paused, where they have come to.",
  client: true,
  positionals,
  flags: jsonFlag,
  examples: ["stratalog consumers resume billing"],
  run: async (context) => {
    for (const group of context.args.positionals) {
      const { enabled } = await context.client().consumers.resume(group).catch(withAdvice);
      await answer(context, { group, enabled }, () => `Resumed consumer ${group}.\n`);
    }
    return 0;
  },
};
