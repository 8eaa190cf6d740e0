/** CloudFormation's custom resources as a Lambda function: the topics, access rules and consumers that a stack declares. */
import { aclResource } from "../lib/lambda/acl-resource.ts";
import { consumerResource } from "../lib/lambda/consumer-resource.ts";
import { customResourceHandler } from "../lib/lambda/custom-resource.ts";
import { openFunctionLog } from "../lib/lambda/function-log.ts";
import { putAnswer } from "../lib/lambda/put-answer.ts";
import { topicResource } from "../lib/lambda/topic-resource.ts";

const { log, settle } = openFunctionLog(process.env);

export const handler = customResourceHandler(
  {
    "Custom::StratalogTopic": topicResource(log.topics),
    "Custom::StratalogAcl": aclResource(log.acls),
    "Custom::StratalogConsumer": consumerResource(log.consumers),
  },
  async (url, body) => {
    await settle();
    await putAnswer(url, body);
  },
);
