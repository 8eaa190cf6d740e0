/** The HTTP API as a Lambda function: `handler` answers in one piece, `stream` as it comes. */
import { readSetting } from "../lib/config/read-setting.ts";
import { securityFromSettings } from "../lib/config/security-settings.ts";
import { limits } from "../lib/core/limits.ts";
import { type AppOptions, createApp } from "../lib/http/app.ts";
import { createSecurity } from "../lib/http/auth/create-security.ts";
import { bufferedHandler } from "../lib/lambda/buffered.ts";
import { openFunctionLog } from "../lib/lambda/function-log.ts";
import { streamingHandler, streamingRuntime } from "../lib/lambda/streaming.ts";
import { nodeClock } from "../lib/node/clock.ts";
import { nodeCompression } from "../lib/node/compression.ts";

const { log, telemetry, settle } = openFunctionLog(process.env);
const credentials = securityFromSettings((setting) => readSetting(setting, undefined, process.env), process.env);
const options: AppOptions = {
  compression: nodeCompression,
  version: process.env["STRATALOG_VERSION"] ?? "",
  engine: "aws",
  security: createSecurity(log, { clock: nodeClock, credentials }),
  telemetry,
};

export const handler = bufferedHandler({ app: createApp(log, { ...options, answerBytesMax: limits.lambdaAnswerBytesMax }), settle });

const runtime = streamingRuntime();
export const stream = runtime && streamingHandler({ app: createApp(log, options), settle }, runtime);
