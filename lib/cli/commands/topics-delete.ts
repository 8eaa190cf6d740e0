import { createInterface } from "node:readline/promises";
import { type Command, type Context, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";

export const topicsDelete: Command = {
  path: ["topics", "delete"],
  aliases: ["rm"],
  summary: "Delete topics with all their records, for good.",
  details: ["On a terminal it asks first, unless --yes is given."],
  client: true,
  positionals: [{ name: "TOPIC", doc: "the topic's name", many: true }],
  flags: {
    yes: { type: "boolean", doc: "Do not ask." },
    ...jsonFlag,
  },
  examples: ["stratalog topics delete orders", "stratalog topics delete tmp-1 tmp-2 --yes"],
  run: async (context) => {
    const { args, client, io } = context;
    const names = args.positionals;
    if (!args.has("yes") && io.stdin.isTTY === true && !(await confirmed(context, `Delete ${names.join(", ")} with all records?`))) {
      await say(context, "Nothing was deleted.");
      return 1;
    }
    for (const name of names) {
      await client().topics.delete(name);
      await answer(context, { deleted: name }, () => `Deleted topic ${name}.\n`);
    }
    return 0;
  },
};

/** Asks on the terminal. Only a "yes" is one. */
export async function confirmed({ io }: Context, question: string): Promise<boolean> {
  const asking = createInterface({ input: io.stdin, output: io.stderr });
  try {
    const typed = await asking.question(`${question} Type yes: `, { signal: io.signal });
    return typed.trim().toLowerCase() === "yes";
  } catch {
    return false;
  } finally {
    asking.close();
  }
}
