import { CustomResource, Duration, Token } from "aws-cdk-lib";
import type { Grant, IGrantable } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { limits } from "../../lib/core/limits.ts";
import { checkTopicName } from "../../lib/core/names.ts";
import { changeOverrides } from "../../lib/core/topic-config.ts";
import { grant, type GrantParts, hash, type Right } from "./grants.ts";

/** What a declared topic is. */
export interface TopicProps {
  /** How many partitions. A greater number grows the topic; it never shrinks: a smaller one changes nothing. Default 1. */
  readonly partitions?: number;
  /** Partitions that are committed together, 1 to 16, fixed when the topic is made. Default 4. */
  readonly partitionsPerShard?: number;
  /** Kafka's topic configs, such as `{ "retention.ms": "86400000" }`. One that is taken out goes back to its default. */
  readonly config?: Readonly<Record<string, string>>;
  /** Whether the topic goes, with its records, when its declaration or its stack does. Default `retain`. */
  readonly onDelete?: "retain" | "delete";
}

/** What a consumer may use besides its topic. */
export interface ConsumeOptions {
  /** Consumer groups that it may be a member of. Default: none. */
  readonly groups?: readonly string[];
}

/** A topic of a log, created and altered with its stack. {@link EventLog.topic} makes it. */
export class EventTopic extends Construct {
  readonly topicName: string;
  /** The custom resource that keeps it: what needs the topic to be there may depend on it. */
  readonly resource: CustomResource;
  readonly #parts: GrantParts;

  constructor(scope: Construct, id: string, name: string, props: TopicProps, parts: GrantParts) {
    super(scope, id);
    const { partitions = limits.partitionsDefault, partitionsPerShard, config = {}, onDelete = "retain" } = props;
    if (!Token.isUnresolved(name)) checkTopicName(name);
    if (!Token.isUnresolved(config)) checkConfig(config);
    this.topicName = name;
    this.#parts = parts;
    this.resource = new CustomResource(this, "Resource", {
      resourceType: "Custom::StratalogTopic",
      serviceToken: parts.resources.functionArn,
      serviceTimeout: Duration.minutes(5),
      properties: { name, partitions, config, onDelete, ...(partitionsPerShard !== undefined && { partitionsPerShard }) },
    });
  }

  /** Lets a role or a user append to the topic. @throws Error when it is no role or user, or no door knows IAM */
  grantProduce(grantee: IGrantable): Grant {
    return this.#grant("Produce", grantee, "WRITE");
  }

  /** Lets a role or a user read the topic, and use consumer groups. @throws Error as `grantProduce` */
  grantConsume(grantee: IGrantable, { groups = [] }: ConsumeOptions = {}): Grant {
    for (const group of groups) {
      const right: Right = { resourceType: "GROUP", resourceName: group, operation: "READ" };
      // The log's, not the topic's: a group may read several topics.
      grant(this.#parts.log, `Group-${hash(this, group)}`, grantee, [right], this.#parts);
    }
    return this.#grant("Consume", grantee, "READ");
  }

  /** Lets a role or a user do everything with the topic: read, write, alter, delete. @throws Error as `grantProduce` */
  grantAdmin(grantee: IGrantable): Grant {
    return this.#grant("Admin", grantee, "ALL");
  }

  #grant(name: string, grantee: IGrantable, operation: Right["operation"]): Grant {
    return grant(this, name, grantee, [{ resourceType: "TOPIC", resourceName: this.topicName, operation }], this.#parts);
  }
}

/** What is wrong is told when the stack is made, not when it is half deployed. Values that CDK does not know yet are left to the log. */
function checkConfig(config: Readonly<Record<string, string>>): void {
  changeOverrides({}, Object.fromEntries(Object.entries(config).filter(([, value]) => !Token.isUnresolved(value))));
}
