import type { LogClient } from "../client/index.ts";
import type { Setting } from "../config/settings.ts";
import type { Args } from "./args.ts";
import type { Io } from "./io.ts";

/** A flag of a command, as data: it feeds the parser and the help. */
export interface Flag {
  readonly type: "string" | "boolean";
  readonly doc: string;
  /** What stands for the value in the help, such as `N`. */
  readonly value?: string;
  /** May be given more than once. */
  readonly multiple?: boolean;
}

export interface Positional {
  readonly name: string;
  readonly doc: string;
  readonly optional?: boolean;
  readonly many?: boolean;
}

/** One verb. */
export interface Command {
  /** Such as `["topics", "create"]`. */
  readonly path: readonly string[];
  /** Other words for the last word of the path. */
  readonly aliases?: readonly string[];
  /** Words that others have for the last word: none of its names, and told as what was probably meant. */
  readonly hints?: readonly string[];
  readonly summary: string;
  /** More lines for the help. */
  readonly details?: readonly string[];
  readonly positionals?: readonly Positional[];
  readonly flags: Readonly<Record<string, Flag>>;
  /** Whether it talks to a server: then it has `--url`. */
  readonly client?: boolean;
  /** Settings that it has as flags. */
  readonly settings?: Readonly<Record<string, Setting>>;
  /** Command lines without `stratalog`. */
  readonly examples: readonly string[];
  /** Resolves with the exit code: 0 done, 1 failed. An aborted `io.signal` makes it 130. */
  readonly run: (context: Context) => Promise<number>;
}

export interface Context {
  readonly args: Args;
  readonly io: Io;
  /** Whether output is JSON. */
  readonly json: boolean;
  /** A setting's value: the flag's, else the environment's, else the default. @throws UsageError */
  readonly setting: (setting: Setting) => string;
  /** The server's client; made when first asked for. */
  readonly client: () => LogClient;
}

/** Flags of every command that answers with data. */
export const jsonFlag = { json: { type: "boolean", doc: "Print JSON, for programs." } } as const satisfies Record<string, Flag>;
