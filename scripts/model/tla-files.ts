/** The two files that TLC reads for one configuration of a module. */
import type { Configuration, TlaValue } from "./module.ts";

/** A module that extends the one to check and defines what a .cfg file cannot say: sequences and records. */
export function tlaFile({ module, constants }: Configuration): string {
  const definitions = Object.entries(constants)
    .filter(([, value]) => typeof value === "object")
    .map(([name, value]) => `Def${name} == ${tla(value)}`);
  return ["---- MODULE MC ----", `EXTENDS ${module}`, ...definitions, "====", ""].join("\n");
}

export function cfgFile({ constants, invariants, live }: Configuration): string {
  const lines = Object.entries(constants).map(([name, value]) =>
    typeof value === "object" ? `  ${name} <- Def${name}` : `  ${name} = ${tla(value)}`,
  );
  const checked = live === undefined ? `INVARIANTS ${invariants.join(" ")}` : `PROPERTY ${live.property}`;
  return [`SPECIFICATION ${live?.specification ?? "Spec"}`, "CHECK_DEADLOCK FALSE", "CONSTANTS", ...lines, checked, ""].join("\n");
}

function tla(value: TlaValue): string {
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  if (typeof value === "string") return `"${value}"`;
  if (typeof value === "number") return `${value}`;
  if (isSequence(value)) return `<<${value.map(tla).join(", ")}>>`;
  const fields = Object.entries(value).map(([field, inner]) => `${field} |-> ${tla(inner)}`);
  return `[${fields.join(", ")}]`;
}

function isSequence(value: TlaValue): value is readonly TlaValue[] {
  return Array.isArray(value);
}
