/** What TLC's output says. */
import type { Configuration } from "./module.ts";
import type { TlcRun } from "./tlc.ts";

export interface Result {
  readonly configuration: string;
  readonly outcome: "complete" | "violation" | "cut short" | "error";
  /** The invariant or property that does not hold. */
  readonly violated: string | null;
  readonly generated: number;
  readonly distinct: number;
  /** Of the whole graph, or the steps of the violation. */
  readonly depth: number | null;
  readonly seconds: number;
  readonly asExpected: boolean;
  /** TLC's own words, when it could not check. */
  readonly error: string | null;
}

export function resultOf(configuration: Configuration, { output, isCutShort, seconds }: TlcRun): Result {
  const violated = violationIn(output, configuration);
  const isComplete = output.includes("No error has been found");
  const outcome = violated !== null ? "violation" : isComplete ? "complete" : isCutShort ? "cut short" : "error";
  const counted = [...output.matchAll(/([\d,]+) states generated(?: \([^)]*\))?, ([\d,]+) distinct/g)].at(-1);
  const depth = /depth of the complete state graph search is (\d+)/.exec(output)?.[1];
  const steps = [...output.matchAll(/^State \d+:/gm)].length - 1;
  return {
    configuration: `${configuration.module}/${configuration.name}`,
    outcome,
    violated,
    generated: count(counted?.[1]),
    distinct: count(counted?.[2]),
    depth: violated !== null ? steps : isComplete && depth !== undefined ? Number(depth) : null,
    seconds: Math.round(seconds * 10) / 10,
    asExpected: configuration.mustViolate ? outcome === "violation" : outcome === "complete",
    error: outcome === "error" ? output.slice(-2_000) : null,
  };
}

function violationIn(output: string, { live }: Configuration): string | null {
  const invariant = /Invariant (\w+) is violated/.exec(output)?.[1];
  if (invariant !== undefined) return invariant;
  return live !== undefined && output.includes("Temporal properties were violated") ? live.property : null;
}

function count(text: string | undefined): number {
  return Number(text?.replaceAll(",", "") ?? 0);
}

export function lineOf({ configuration, outcome, violated, generated, distinct, depth, seconds, asExpected }: Result): string {
  const columns = [
    asExpected ? "ok    " : "FAILED",
    configuration.padEnd(58),
    (violated === null ? outcome : `violates ${violated}`).padEnd(24),
    `${generated} generated`.padStart(20),
    `${distinct} distinct`.padStart(18),
    `depth ${depth ?? "-"}`.padStart(9),
    `${seconds.toFixed(1)} s`.padStart(9),
  ];
  return columns.join(" ");
}
