import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { EventLog, type EventLogProps } from "../constructs/index.ts";

/** The log alone, as a stack. Its outputs keep their names: scripts and tests read them. */
export class EventLogStack extends Stack {
  readonly log: EventLog;

  constructor(scope: Construct, id: string, props: StackProps & { readonly log: EventLogProps }) {
    super(scope, id, props);
    this.log = new EventLog(this, "Log", props.log);
    const outputs = {
      FunctionUrl: this.log.functionUrl.url,
      TableName: this.log.table.tableName,
      BucketName: this.log.bucket.bucketName,
      ApiFunctionName: this.log.api.functionName,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
