import { CustomResource, Duration, Resource, Stack, Token } from "aws-cdk-lib";
import { ArnPrincipal, Policy, PolicyStatement, Role } from "aws-cdk-lib/aws-iam";
import { Function as LambdaFunction, type IEventSourceDlq, type IEventSourceMapping, type IFunction } from "aws-cdk-lib/aws-lambda";
import type { Construct, IConstruct, IDependable } from "constructs";
import { checkTopicName } from "../../lib/core/names.ts";
import { DeclaredTopics } from "./declared-topics.ts";
import type { EventLog } from "./event-log.ts";
import { hash } from "./grants.ts";

export interface EventConsumerProps {
  readonly log: EventLog;
  readonly group: string;
  readonly fn: IFunction;
  /** The topic that is read. */
  readonly topic: string;
  readonly outputTopics: readonly string[];
  readonly onFailure: IEventSourceDlq | undefined;
  /** The others, as the custom resource takes them. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What has to be there before, beside the topics that the log declares. */
  readonly after: readonly IDependable[];
}

/** A function that a topic triggers, kept with its stack. {@link StratalogEventSource} makes it. */
export class EventConsumer extends Resource implements IEventSourceMapping {
  /** The consumer group. */
  readonly eventSourceMappingId: string;
  /** Names the consumer within the log. It is no ARN that AWS knows: the mapping is the log's own. */
  readonly eventSourceMappingArn: string;
  /** The custom resource that keeps it. */
  readonly resource: CustomResource;

  constructor(scope: Construct, id: string, props: EventConsumerProps) {
    super(scope, id);
    const { log, group, fn, topic, outputTopics, settings, after } = props;
    this.eventSourceMappingId = group;
    this.eventSourceMappingArn = `${log.table.tableArn}/consumer/${group}`;
    const permission = this.#letInvoke(log, fn);
    const onFailure = props.onFailure?.bind(this, this.#deliverHere(log)).destination;
    const ofFailures = failureTopics(onFailure, topic);
    this.resource = new CustomResource(this, "Resource", {
      resourceType: "Custom::StratalogConsumer",
      serviceToken: log.resources.functionArn,
      serviceTimeout: Duration.minutes(5),
      properties: {
        ...settings,
        group,
        topic,
        target: fn.functionArn,
        ...(onFailure !== undefined && { onFailure }),
        ...(outputTopics.length > 0 && { outputTopics }),
      },
    });
    this.resource.node.addDependency(permission, new DeclaredTopics(log, [topic, ...outputTopics, ...ofFailures]), ...after);
  }

  get eventSourceMappingRef() {
    return { eventSourceMappingId: this.eventSourceMappingId, eventSourceMappingArn: this.eventSourceMappingArn };
  }

  /** By the function's own policy: a role has no room for many functions. One that is imported may have none that can be written here. */
  #letInvoke(log: EventLog, fn: IFunction): IConstruct {
    const { deliverRole } = log.enableDelivery();
    if (fn.node.defaultChild === undefined) {
      const statement = new PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: [fn.functionArn] });
      return new Policy(this, "Invoke", { roles: [deliverRole], statements: [statement] });
    }
    const id = `StratalogDeliver-${hash(log, log.node.addr)}`;
    if (fn.permissionsNode.tryFindChild(id) === undefined)
      fn.addPermission(id, { principal: new ArnPrincipal(deliverRole.roleArn), action: "lambda:InvokeFunction" });
    return fn.permissionsNode.tryFindChild(id) ?? deliverRole;
  }

  /** The function that delivers, such that what it is granted is in this stack: the log's must not need the stacks that use it. */
  #deliverHere(log: EventLog): IFunction {
    const { deliver, deliverRole } = log.enableDelivery();
    if (Stack.of(deliver) === Stack.of(this)) return deliver;
    const role = Role.fromRoleArn(this, "DeliverRole", deliverRole.roleArn);
    return LambdaFunction.fromFunctionAttributes(this, "Deliver", { functionArn: deliver.functionArn, role });
  }
}

/** The topic of the log that a destination is, if it is one. @throws Error, or LogError, for one that the log would refuse */
function failureTopics(destination: string | undefined, own: string): readonly string[] {
  if (destination?.startsWith("kafka://") !== true) return [];
  const topic = destination.slice("kafka://".length);
  if (!Token.isUnresolved(topic)) checkTopicName(topic);
  if (topic === own) throw new Error("onFailure is the topic that triggers the function: what is given up would trigger it again.");
  return [topic];
}
