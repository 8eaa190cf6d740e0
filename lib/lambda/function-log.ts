import { openAwsEngine } from "../aws/open-engine.ts";
import { readSetting } from "../config/read-setting.ts";
import { quotasFromSettings } from "../config/security-settings.ts";
import { serverSettings } from "../config/settings.ts";
import { createLog } from "../log/create-log.ts";
import type { Log } from "../log/log.ts";
import { nodeClock } from "../node/clock.ts";
import { nodeCompression } from "../node/compression.ts";
import { nodeRandom } from "../node/random.ts";
import type { Engine } from "../ports/engine.ts";
import { type LogLevel, logLevels, type Telemetry } from "../ports/telemetry.ts";
import { lambdaTelemetry } from "../telemetry/lambda.ts";

/** The log of a function's environment variables. */
export interface FunctionLog {
  readonly engine: Engine;
  readonly log: Log;
  readonly telemetry: Telemetry;
  /** To be awaited before an invocation ends: what runs in the background is over, and its metrics are written. */
  readonly settle: () => Promise<void>;
}

/** Opens the log that `STRATALOG_TABLE`, `STRATALOG_BUCKET` and `STRATALOG_LOG_NAME` name. Sends nothing yet. */
export function openFunctionLog(env: Readonly<Record<string, string | undefined>>): FunctionLog {
  const { STRATALOG_LOG_NAME: logName = "stratalog", STRATALOG_LOG_LEVEL: named } = env;
  const level: LogLevel = logLevels.find((known) => known === named) ?? "info";
  const own = lambdaTelemetry({ logName, level, clock: nodeClock, random: nodeRandom });
  const { telemetry } = own;
  const [table, bucket] = [serverSettings.table, serverSettings.bucket].map((setting) => readSetting(setting, undefined, env));
  const engine = openAwsEngine({ table: table ?? "", bucket: bucket ?? "", telemetry });
  const enforcesQuotas = quotasFromSettings((setting) => readSetting(setting, undefined, env));
  const log = createLog(engine, { clock: nodeClock, random: nodeRandom, compression: nodeCompression, telemetry, enforcesQuotas });
  const settle = async (): Promise<void> => {
    await engine.idle();
    own.flush();
  };
  return { engine, log, telemetry, settle };
}
