import { isAmazonUrl } from "../aws/signed-fetch-host.ts";
import { connect } from "../client/index.ts";
import type { ConnectOptions, Fetch, LogClient } from "../client/index.ts";
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
    client: () => (client ??= connect(connectionOf(setting))),
  };
}

/** @throws UsageError */
function connectionOf(setting: Context["setting"]): ConnectOptions {
  const [url, token, sigv4] = [setting(clientSettings.url), setting(clientSettings.token), setting(clientSettings.sigv4)];
  if (sigv4 === "on" && token !== "") throw new UsageError("A request has one Authorization: give --token, or --sigv4 on, not both.");
  if (token !== "") return { url, token };
  if (sigv4 === "on" || (sigv4 === "" && isAmazonUrl(url))) return { url, fetch: lazilySigned() };
  return { url };
}

/** The AWS SDK is loaded only by who signs: the other commands start faster without it. */
function lazilySigned(): Fetch {
  let signed: Promise<Fetch> | undefined;
  return async (url, init) => {
    signed ??= import("../aws/signed-fetch.ts").then(({ signedFetch }) => signedFetch());
    return await (await signed)(url, init);
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
