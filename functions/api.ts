/** The HTTP API as a Lambda function: `handler` answers in one piece, `stream` as it comes. */
import { openAwsEngine } from "../lib/aws/open-engine.ts";
import { limits } from "../lib/core/limits.ts";
import { createApp } from "../lib/http/app.ts";
import { bufferedHandler } from "../lib/lambda/buffered.ts";
import { streamingHandler, streamingRuntime } from "../lib/lambda/streaming.ts";
import { createLog } from "../lib/log/create-log.ts";
import { nodeClock } from "../lib/node/clock.ts";
import { nodeCompression } from "../lib/node/compression.ts";
import { nodeRandom } from "../lib/node/random.ts";

const engine = openAwsEngine({ table: process.env["STRATALOG_TABLE"] ?? "", bucket: process.env["STRATALOG_BUCKET"] ?? "" });
const log = createLog(engine, { clock: nodeClock, random: nodeRandom, compression: nodeCompression });
const options = { compression: nodeCompression, engine: "aws" };
const settle = () => engine.idle();

export const handler = bufferedHandler({ app: createApp(log, { ...options, answerBytesMax: limits.lambdaAnswerBytesMax }), settle });
const runtime = streamingRuntime();
export const stream = runtime && streamingHandler({ app: createApp(log, options), settle }, runtime);
