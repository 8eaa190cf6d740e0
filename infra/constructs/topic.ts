import { CustomResource, Duration } from "aws-cdk-lib";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";

/** What a declared topic is. */
export interface TopicProps {
  /** How many partitions. Raising it grows the topic; it never shrinks: a smaller number changes nothing. Default 1. */
  readonly partitions?: number;
  /** Partitions that are committed together, 1 to 16, fixed when the topic is made. Default 4. */
  readonly partitionsPerShard?: number;
  /** Kafka's topic configs, such as `{ "retention.ms": "86400000" }`. One that is taken out goes back to its default. */
  readonly config?: Readonly<Record<string, string>>;
  /** Whether the topic goes, with its records, when its declaration or its stack does. Default `retain`. */
  readonly onDelete?: "retain" | "delete";
}

/** A topic of a log, created and altered with its stack. Made by {@link EventLog.topic}. */
export class EventTopic extends Construct {
  readonly topicName: string;
  /** The custom resource that keeps it. What needs the topic to be there may depend on it. */
  readonly resource: CustomResource;

  constructor(scope: Construct, id: string, name: string, props: TopicProps, resources: IFunction) {
    super(scope, id);
    const { partitions = 1, partitionsPerShard, config, onDelete = "retain" } = props;
    this.topicName = name;
    this.resource = new CustomResource(this, "Resource", {
      resourceType: "Custom::StratalogTopic",
      serviceToken: resources.functionArn,
      serviceTimeout: Duration.minutes(5),
      properties: {
        name,
        partitions,
        onDelete,
        ...(partitionsPerShard !== undefined && { partitionsPerShard }),
        ...(config !== undefined && { config }),
      },
    });
  }
}
