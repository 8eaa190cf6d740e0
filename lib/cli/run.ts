import { LogError } from "../core/errors.ts";
import { parseCommandLine } from "./args.ts";
import type { Command } from "./command.ts";
import { contextOf } from "./context.ts";
import { commandHelp, programHelp } from "./help.ts";
import { type Io, write } from "./io.ts";
import { reportError } from "./report-error.ts";
import { didYouMean } from "../client/suggest.ts";
import { UsageError } from "./usage-error.ts";

export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Runs one command line. @returns the exit code; never rejects */
export async function runCommandLine(commands: readonly Command[], argv: readonly string[], io: Io, version: string): Promise<number> {
  /** The command as it was typed, which may be by another word for it. */
  let typed: readonly string[] = [];
  try {
    const [first] = argv;
    if (first === undefined || first === "--help" || first === "-h" || (first === "help" && argv.length === 1)) {
      await write(io, io.stdout, programHelp(commands, version));
      return first === undefined ? exitCodes.usage : exitCodes.done;
    }
    if (first === "--version" || first === "version") {
      await write(io, io.stdout, `${version}\n`);
      return exitCodes.done;
    }
    const words = first === "help" ? [...argv.slice(1), "--help"] : argv;
    const found = findCommand(commands, words);
    if (found === undefined) return await groupHelp(commands, words, io, version);
    const { command } = found;
    ({ typed } = found);
    const args = parseCommandLine(command, found.rest);
    if (args.has("help")) {
      await write(io, io.stdout, commandHelp(command));
      return exitCodes.done;
    }
    const code = await command.run(contextOf(args, io));
    return io.signal.aborted && !io.outputGone() && command.client === true ? exitCodes.interrupted : code;
  } catch (reason) {
    return await failed(reason, io, typed, argv);
  }
}

async function failed(reason: unknown, io: Io, typed: readonly string[], argv: readonly string[]): Promise<number> {
  if (reason instanceof UsageError) {
    const more = ["stratalog", ...typed, "--help"].join(" ");
    await write(io, io.stderr, `stratalog: ${reason.message}\nSee: ${more}\n`);
    return exitCodes.usage;
  }
  if (io.outputGone()) return exitCodes.done;
  if (io.signal.aborted) return exitCodes.interrupted;
  await reportError(io, LogError.from(reason), argv.includes("--json"));
  return exitCodes.failed;
}

interface Found {
  readonly command: Command;
  readonly typed: readonly string[];
  readonly rest: readonly string[];
}

function findCommand(commands: readonly Command[], words: readonly string[]): Found | undefined {
  for (const command of commands) {
    const { path, aliases = [] } = command;
    const lead = path.slice(0, -1);
    const last = words[lead.length];
    const matches = lead.every((word, at) => words[at] === word) && last !== undefined && [path.at(-1), ...aliases].includes(last);
    if (matches) return { command, typed: words.slice(0, path.length), rest: words.slice(path.length) };
  }
  return undefined;
}

/** `topics --help` lists the group; what is no command is told with what was probably meant. @throws UsageError */
async function groupHelp(commands: readonly Command[], words: readonly string[], io: Io, version: string): Promise<number> {
  const [first = "", second] = words;
  const group = commands.filter(({ path }) => path.length > 1 && path[0] === first);
  if (group.length > 0) {
    const verbs = group.flatMap(({ path, aliases = [] }) => [path.at(-1) ?? "", ...aliases]);
    if (second !== undefined && !second.startsWith("-")) {
      const hinted = group.find(({ hints = [] }) => hints.includes(second))?.path.at(-1);
      const meant = didYouMean(hinted ?? second, verbs, `${first} `);
      throw new UsageError(`There is no command "${first} ${second}".${meant} There are: ${verbs.join(", ")}.`);
    }
    const wanted = second === "--help" || second === "-h";
    await write(io, wanted ? io.stdout : io.stderr, programHelp(group, version));
    return wanted ? exitCodes.done : exitCodes.usage;
  }
  const names = commands.flatMap(({ path, aliases = [] }) => (path.length > 1 ? [path[0] ?? ""] : [path[0] ?? "", ...aliases]));
  throw new UsageError(`There is no command "${first}".${didYouMean(first, [...new Set(names)])}`);
}
