import type { Damage } from "../../ports/upkeep.ts";
import type { Check } from "./context.ts";
import { fault, type Finding } from "./finding.ts";

/** What the engine keeps for the day on which it needs it: damage that is in no entry, and in nobody's way today. */
export async function* checkKept({ engine, seen }: Check, signal: AbortSignal | undefined): AsyncGenerator<Finding, void, undefined> {
  const found: Damage[] = [];
  await engine.upkeep.verify((damage) => void found.push(damage), signal);
  seen({});
  for (const { name, message } of found) {
    const advice =
      "The index can be made anew from whole files alone: bring the file back from a copy of the data folder (docs/runbook.md, After a disaster).";
    yield fault({ kind: "damaged", what: "journal", where: { key: name }, message: `${message} ${advice}` });
  }
}
