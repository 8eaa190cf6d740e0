import { createHash } from "node:crypto";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { PublishCommand } from "@aws-sdk/client-sns";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import type { EventSource } from "../../core/delivery/msk-event.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Failure } from "../../log/consumers/consumers.ts";
import type { DeliveryClients } from "./aws-clients.ts";
import { failureKey } from "./failure-key.ts";
import { failureRecord, failureRecords } from "./failure-record.ts";

type SendingClients = Pick<DeliveryClients, "sqs" | "sns" | "s3">;

/**
 * Puts what was given up at an SQS queue, an SNS topic (both of this Region) or an S3 bucket. Resolves when it is safe there. Sent once more, it is once more in a queue or
 * topic that is not FIFO, and the same object in a bucket. What a queue or topic refuses for its text is sent without the payload, then without the error.
 * @param destination an ARN
 * @throws an SDK's error; LogError for what is no such ARN
 */
export async function sendFailure(clients: SendingClients, source: EventSource, destination: string, failure: Failure): Promise<void> {
  const { service, partition, region, account, name } = parseArn(destination);
  switch (service) {
    case "sqs": {
      const QueueUrl = `https://sqs.${region}.${partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com"}/${account}/${name}`;
      await sendTaken(failureRecords(failure, source, limits.sqsMessageBytesMax), (MessageBody) =>
        clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...inOrder(name, failure) })),
      );
      return;
    }
    case "sns": {
      await sendTaken(failureRecords(failure, source, limits.snsMessageBytesMax), (Message) =>
        clients.sns.send(new PublishCommand({ TopicArn: destination, Message, ...inOrder(name, failure) })),
      );
      return;
    }
    case "s3": {
      const Body = failureRecord(failure, source);
      await clients.s3.send(new PutObjectCommand({ Bucket: name, Key: failureKey(failure), Body, ContentType: "application/json" }));
      return;
    }
    default:
      throw new LogError("invalid_config", `${destination} is no queue, topic or bucket.`);
  }
}

/**
 * Sends the first of the texts that the destination takes: a queue may be set to less than SQS's own limit, and what it refuses for its size it would refuse for ever.
 * @throws an SDK's error of the last one sent
 */
async function sendTaken(texts: readonly string[], send: (text: string) => Promise<unknown>): Promise<void> {
  for (const [index, text] of texts.entries()) {
    try {
      await send(text);
      return;
    } catch (reason) {
      if (index === texts.length - 1 || !isOfText(reason)) throw reason;
    }
  }
}

/** Whether a message was refused for what it is, not for where it goes or who sends it: a shorter one may be taken. */
function isOfText(reason: unknown): boolean {
  const { name = "", $metadata = {} } = (reason ?? {}) as Partial<Error> & { readonly $metadata?: { readonly httpStatusCode?: number } };
  return $metadata.httpStatusCode === 413 || /^InvalidParameter|^InvalidMessage|^Validation|TooLong|TooLarge/.test(name);
}

/** What FIFO queues and topics ask for: a partition's letters stay in order, and one that is sent once more is dropped. */
function inOrder(name: string, failure: Failure) {
  if (!name.endsWith(".fifo")) return {};
  const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
  const { consumer, letter } = failure;
  return {
    MessageGroupId: hash(`${consumer.group}/${letter.topic}/${letter.partition}`),
    MessageDeduplicationId: hash(failureKey(failure)),
  };
}

interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  readonly name: string;
}

function parseArn(arn: string): Arn {
  const [, partition = "", service = "", region = "", account = "", name = ""] = arn.split(":");
  return { partition, service, region, account, name };
}
