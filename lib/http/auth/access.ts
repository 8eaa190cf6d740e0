import { clusterName, type NeededOperation, type ResourceType } from "../../core/access/acl.ts";
import type { Need } from "./caller.ts";

/** What an operation of the API takes. */
export type Access =
  /** Credentials, and no right. */
  | "authenticated"
  /** The right to one of these operations on the path's topic or group, or on the cluster: asked for before anything is looked up. */
  | { readonly resource: ResourceType; readonly operation: NeededOperation | readonly [NeededOperation, ...NeededOperation[]] }
  /** The handler asks for it: what it is about stands in the request's body, or in what it lists. */
  | { readonly resource: ResourceType; readonly operation: NeededOperation; readonly in: "body" | "answer" };

/** What is asked for before the handler runs. @param path what its path names, as it was sent */
export function needsOf(access: Access, path: { readonly topic: string; readonly group: string }): readonly Need[] | undefined {
  if (access === "authenticated" || "in" in access) return undefined;
  const { resource: resourceType, operation } = access;
  const name = { CLUSTER: clusterName, TOPIC: path.topic, GROUP: path.group }[resourceType];
  const operations = typeof operation === "string" ? [operation] : operation;
  return operations.map((one) => ({ operation: one, resourceType, name }));
}

/** The same for people. */
export function describeAccess(access: Access): string {
  if (access === "authenticated") return "Takes no right.";
  const { resource, operation } = access;
  const operations = typeof operation === "string" ? operation : operation.join(" or ");
  const which =
    resource === "CLUSTER"
      ? "the cluster"
      : "in" in access && access.in === "answer"
        ? `each ${resource.toLowerCase()} that is listed`
        : `the ${resource.toLowerCase()}`;
  return `Takes ${operations} on ${which}.`;
}
