import { parseArgs } from "node:util";
import { clientSettings } from "../config/settings.ts";
import type { Command, Flag } from "./command.ts";
import { didYouMean } from "../client/suggest.ts";
import { UsageError } from "./usage-error.ts";

/** A command line after its verb, read by the command's tables. */
export class Args {
  readonly positionals: readonly string[];
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(values: ReadonlyMap<string, readonly string[]>, positionals: readonly string[]) {
    this.#values = values;
    this.positionals = positionals;
  }

  /** Whether a flag without a value is there. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** A flag's value; the last one when it came more than once. */
  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** @throws UsageError */
  integer(name: string, min: number, max: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^[+-]?\d{1,16}$/.test(text.replaceAll("_", "")) ? Number(text.replaceAll("_", "")) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, not "${text}".`);
  }

  /** @throws UsageError */
  oneOf<const T extends string>(name: string, words: readonly [T, ...T[]]): T {
    const text = this.text(name);
    if (text === undefined) return words[0];
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw new UsageError(`--${name} must be one of ${words.join(", ")}, not "${text}".${didYouMean(text, words)}`);
  }

  /** The positional at a place. The parser has made sure of those that have to be there. */
  positional(at: number): string {
    return this.positionals[at] ?? "";
  }
}

/** All flags of a command, with those that it has by its kind. */
export function flagsOf(command: Command): Readonly<Record<string, Flag>> {
  const settings = { ...command.settings, ...(command.client === true ? clientSettings : {}) };
  const fromSettings = Object.values(settings).map((setting) => {
    const standard: string = setting.default;
    const doc = `${setting.doc} Also ${setting.env}${standard === "" ? "" : `; default ${standard}`}.`;
    return [setting.flag, { type: "string", value: setting.unit, doc } satisfies Flag] as const;
  });
  return { ...command.flags, ...Object.fromEntries(fromSettings), help: { type: "boolean", doc: "Print this help." } };
}

const shortFlags: Readonly<Record<string, string>> = { h: "help" };

/** @throws UsageError, with what was probably meant */
export function parseCommandLine(command: Command, argv: readonly string[]): Args {
  const flags = flagsOf(command);
  const options = Object.fromEntries(Object.entries(flags).map(([name, { type }]) => [name, { type }]));
  const { tokens } = parseArgs({ args: [...argv], options, allowPositionals: true, strict: false, tokens: true });
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const name = token.rawName.startsWith("--") ? token.name : (shortFlags[token.name] ?? token.name);
    const value = valueOf(name, flags, token);
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  const args = new Args(values, positionals);
  if (!args.has("help")) checkPositionals(command, positionals);
  return args;
}

function valueOf(
  name: string,
  flags: Readonly<Record<string, Flag>>,
  token: { readonly rawName: string; readonly value?: unknown },
): string {
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (flag === undefined) throw new UsageError(`There is no flag ${token.rawName}.${didYouMean(name, Object.keys(flags), "--")}`);
  if (flag.type === "boolean") {
    if (token.value !== undefined) throw new UsageError(`--${name} takes no value.`);
    return "";
  }
  if (typeof token.value !== "string" || (token.value.startsWith("--") && token.value.length > 2)) {
    throw new UsageError(`--${name} needs a value: --${name} ${flag.value ?? "VALUE"}.`);
  }
  return token.value;
}

function checkPositionals({ positionals: wanted = [] }: Command, given: readonly string[]): void {
  const missing = wanted[given.length];
  if (missing !== undefined && missing.optional !== true) throw new UsageError(`${missing.name} is missing: ${missing.doc}`);
  const extra = given[wanted.length];
  if (extra !== undefined && wanted.at(-1)?.many !== true) throw new UsageError(`"${extra}" is one argument too many.`);
}
