import type { ConsumeOptions } from "../../client/index.ts";
import type { Context } from "../command.ts";
import { say } from "../context.ts";

/** Callbacks of a consumer that say that it waits, and that it goes on. */
export function waitsTold(context: Context): Required<Pick<ConsumeOptions, "onStalled" | "onRecovered">> {
  let isTopic = false;
  return {
    onStalled: ({ code, message }) => {
      isTopic = code === "unknown_topic_or_partition";
      return say(context, `stratalog: ${message} ${isTopic ? "Waiting for it." : "Trying again until it answers."}`);
    },
    onRecovered: () => say(context, isTopic ? "The topic is there again." : "The log answers again."),
  };
}
