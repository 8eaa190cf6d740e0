import { connect } from "../client/index.ts";
import type { LogClient } from "../client/index.ts";
import { readSetting } from "../config/read-setting.ts";
import { type Setting, clientSettings } from "../config/settings.ts";
import { LogError } from "../core/errors.ts";
import type { Args } from "./args.ts";
import type { Context } from "./command.ts";
import { type Io, write } from "./io.ts";
import { UsageError } from "./usage-error.ts";

export function contextOf(args: Args, io: Io): Context {
  let client: LogClient | undefined;
  const setting = (of: Setting) => {
    try {
      return readSetting(of, args.text(of.flag), io.env);
    } catch (reason) {
      throw new UsageError(LogError.from(reason).message);
    }
  };
  return {
    args,
    io,
    json: args.has("json"),
    setting,
    client: () => (client ??= connect({ url: setting(clientSettings.url) })),
  };
}

/** Prints data for people or, with `--json`, for programs. */
export async function answer({ io, json }: Context, data: unknown, human: () => string): Promise<void> {
  await write(io, io.stdout, json ? `${JSON.stringify(data)}\n` : human());
}

/** Says something beside the data: to standard error, and not to programs. */
export async function say({ io, json }: Context, text: string): Promise<void> {
  if (!json) await write(io, io.stderr, `${text}\n`);
}
