/** CloudFormation's custom resources as a Lambda function: the topics and access rules that a stack declares. */
import { openAwsEngine } from "../lib/aws/open-engine.ts";
import { customResourceHandler } from "../lib/lambda/custom-resource.ts";
import { putAnswer } from "../lib/lambda/put-answer.ts";
import { topicResource } from "../lib/lambda/topic-resource.ts";
import { createLog } from "../lib/log/create-log.ts";
import { nodeClock } from "../lib/node/clock.ts";
import { nodeCompression } from "../lib/node/compression.ts";
import { nodeRandom } from "../lib/node/random.ts";

const engine = openAwsEngine({ table: process.env["STRATALOG_TABLE"] ?? "", bucket: process.env["STRATALOG_BUCKET"] ?? "" });
const log = createLog(engine, { clock: nodeClock, random: nodeRandom, compression: nodeCompression });

export const handler = customResourceHandler({ "Custom::StratalogTopic": topicResource(log.topics) }, putAnswer);
