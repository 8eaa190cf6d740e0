import { LogError } from "../core/errors.ts";
import type { Setting } from "./settings.ts";

/** The value in force: the flag's, else the environment's, else the default. @throws invalid_request when it is not what the setting takes */
export function readSetting(setting: Setting, flag: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  const fromEnv = env[setting.env];
  const value = flag ?? fromEnv ?? setting.default;
  const wanted = setting.check(value);
  if (wanted === undefined) return value;
  const name = flag === undefined && fromEnv !== undefined ? setting.env : `--${setting.flag}`;
  throw new LogError("invalid_request", `${name} must be ${wanted}, not "${value}".`);
}
