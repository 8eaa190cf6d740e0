import type { CloudFormationCustomResourceEvent } from "aws-lambda";
import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";

export interface ResourceResult {
  /** Another one than before means: replaced, and CloudFormation then deletes the old one. */
  readonly physicalId: string;
  /** What `getAtt` gives. */
  readonly data?: Readonly<Record<string, string | number>>;
}

/**
 * What one kind of resource does. Each may be sent again by CloudFormation, after it was done or half done. The owner is the resource's place, which is no other's: its stack
 * and its logical id there.
 */
export interface ResourceKind {
  create(properties: Properties, owner: string): Promise<ResourceResult>;
  update(properties: Properties, was: Properties, physicalId: string, owner: string): Promise<ResourceResult>;
  delete(properties: Properties, physicalId: string, owner: string): Promise<void>;
}

/** As CloudFormation sends them: every number and flag is a string. */
export type Properties = Readonly<Record<string, unknown>>;

/** A creation that failed made nothing, so that its deletion, which CloudFormation asks for, takes away nothing. */
const nothing = "nothing:";

/**
 * Custom resources as a function: answers CloudFormation whatever happens, since a stack that hears nothing waits for an hour.
 * @param kinds by resource type, such as `Custom::StratalogTopic`
 * @param send puts an answer to the URL that the event names
 */
export function customResourceHandler(
  kinds: Readonly<Record<string, ResourceKind>>,
  send: (url: string, body: string) => Promise<void>,
): (event: CloudFormationCustomResourceEvent) => Promise<void> {
  return async (event) => {
    const { StackId, RequestId, LogicalResourceId } = event;
    const had = "PhysicalResourceId" in event ? event.PhysicalResourceId : `${nothing}${RequestId}`;
    const common = { StackId, RequestId, LogicalResourceId };
    try {
      const { physicalId, data = {} } = await run(kinds, event, had);
      await send(event.ResponseURL, JSON.stringify({ ...common, Status: "SUCCESS", PhysicalResourceId: physicalId, Data: data }));
    } catch (reason) {
      const { message, outcome } = LogError.from(reason);
      const text = `${message}${outcome === "unknown" ? " It may have been done." : ""}`.slice(0, limits.resourceReasonCharsMax);
      await send(event.ResponseURL, JSON.stringify({ ...common, Status: "FAILED", PhysicalResourceId: had, Reason: text }));
    }
  };
}

async function run(
  kinds: Readonly<Record<string, ResourceKind>>,
  event: CloudFormationCustomResourceEvent,
  had: string,
): Promise<ResourceResult> {
  const kind = kinds[event.ResourceType];
  if (kind === undefined) throw new LogError("invalid_request", `There is no resource of type ${event.ResourceType}.`);
  const owner = `${event.StackId}/${event.LogicalResourceId}`;
  switch (event.RequestType) {
    case "Create":
      return await kind.create(event.ResourceProperties, owner);
    case "Update":
      return await kind.update(event.ResourceProperties, event.OldResourceProperties, had, owner);
    case "Delete":
      if (!had.startsWith(nothing)) await kind.delete(event.ResourceProperties, had, owner);
      return { physicalId: had };
  }
}
