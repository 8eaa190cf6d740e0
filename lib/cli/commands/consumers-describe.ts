import { type Command, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";
import { consumerWarnings } from "./consumer-warnings.ts";
import { consumerFacts, partitionTable, stateAdvice, stateDetails, withAdvice } from "./consumers-text.ts";

export const consumersDescribe: Command = {
  path: ["consumers", "describe"],
  hints: ["status", "show", "state", "lag"],
  summary: "Show a triggered consumer: its settings, its state, and how it is with each partition.",
  details: [
    ...stateDetails,
    "OLDEST is the age of the oldest record that is not delivered, RUNS whether the partition is being delivered now, CALLS how often the function was called,",
    "ATTEMPTS how often a call with the records that are tried now has failed.",
  ],
  client: true,
  positionals: [{ name: "GROUP", doc: "the consumer's group" }],
  flags: jsonFlag,
  examples: ["stratalog consumers describe billing", "stratalog consumers describe billing --json"],
  run: async (context) => {
    const { args, client } = context;
    const group = args.positional(0);
    const { consumers } = client();
    const [consumer, status] = await Promise.all([consumers.get(group), consumers.status(group)]).catch(withAdvice);
    const advice = stateAdvice(consumer, status);
    if (advice !== undefined) await say(context, advice);
    const { group: _, topic: __, ...now } = status;
    await answer(context, { ...consumer, ...now }, () => {
      const facts = consumerFacts(consumer, status);
      return status.partitions.length === 0 ? facts : `${facts}\n${partitionTable(status.partitions, Date.now())}`;
    });
    for (const warning of consumerWarnings(consumer)) await say(context, `Note: ${warning}`);
    if (status.deadLetters > 0) await say(context, `What was given up: stratalog consumers dead-letters ${group}`);
    return 0;
  },
};
