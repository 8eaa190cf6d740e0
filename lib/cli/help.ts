import { flagsOf } from "./args.ts";
import type { Command } from "./command.ts";

/** What the program is and which commands there are. */
export function programHelp(commands: readonly Command[], version: string): string {
  const rows = commands.map((command) => [`${names(command)}${positionalsOf(command)}`, command.summary] as const);
  return [
    `stratalog ${version}: a durable event log with Kafka's model and no brokers`,
    "",
    "Usage: stratalog COMMAND [ARGUMENTS] [FLAGS]",
    "",
    "Commands:",
    ...twoColumns(rows),
    "",
    "`stratalog COMMAND --help` has flags and examples. Commands talk to --url or STRATALOG_URL (default http://127.0.0.1:7070).",
    "Exit codes: 0 done, 1 failed, 2 the command line is wrong, 130 ended by Ctrl-C.",
    "",
  ].join("\n");
}

export function commandHelp(command: Command): string {
  const { positionals = [], details = [], examples } = command;
  const flags = Object.entries(flagsOf(command)).map(([name, flag]) => {
    const value = flag.type === "boolean" ? "" : ` ${flag.value ?? "VALUE"}`;
    return [`--${name}${value}`, flag.multiple === true ? `${flag.doc} May be repeated.` : flag.doc] as const;
  });
  return [
    `Usage: stratalog ${names(command)}${positionalsOf(command)} [FLAGS]`,
    "",
    command.summary,
    ...(details.length === 0 ? [] : ["", ...details]),
    ...(positionals.length === 0 ? [] : ["", "Arguments:", ...twoColumns(positionals.map(({ name, doc }) => [name, doc] as const))]),
    "",
    "Flags:",
    ...twoColumns(flags),
    "",
    "Examples:",
    ...examples.map((example) => `  ${example}`),
    "",
  ].join("\n");
}

function names({ path, aliases = [] }: Command): string {
  const last = path.at(-1) ?? "";
  return [...path.slice(0, -1), [last, ...aliases].join("|")].join(" ");
}

function positionalsOf({ positionals = [] }: Command): string {
  return positionals.map(({ name, optional, many }) => ` ${optional === true ? `[${name}]` : name}${many === true ? "..." : ""}`).join("");
}

const lineWidth = 110;

function twoColumns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.flatMap(([left, right]) =>
    wrapped(right, lineWidth - width - 4).map((line, at) => `  ${(at === 0 ? left : "").padEnd(width)}  ${line}`),
  );
}

function wrapped(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
