/** Kafka's model of rights: who (principal) may, or may not, do what (operation) to which resources (a name or a prefix). */

export const resourceTypes = ["TOPIC", "GROUP", "CLUSTER"] as const;
export type ResourceType = (typeof resourceTypes)[number];

/** `LITERAL`: the name itself, or with `*` every name. `PREFIXED`: every name that starts so. */
export const patternTypes = ["LITERAL", "PREFIXED"] as const;
export type PatternType = (typeof patternTypes)[number];

export const permissions = ["ALLOW", "DENY"] as const;
export type Permission = (typeof permissions)[number];

/** What a request can need. */
export const neededOperations = [
  "READ",
  "WRITE",
  "CREATE",
  "DELETE",
  "ALTER",
  "DESCRIBE",
  "CLUSTER_ACTION",
  "DESCRIBE_CONFIGS",
  "ALTER_CONFIGS",
  "IDEMPOTENT_WRITE",
] as const;
export type NeededOperation = (typeof neededOperations)[number];

/** What an ACL can name: an operation, or all of them. */
export const operations = ["ALL", ...neededOperations] as const;
export type Operation = (typeof operations)[number];

/** The one name of the resource type CLUSTER. */
export const clusterName = "kafka-cluster";
/** As a LITERAL resource name: every resource of the type. */
export const anyName = "*";

/** Which resources of a type. */
export interface ResourcePattern {
  readonly resourceType: ResourceType;
  readonly resourceName: string;
  readonly patternType: PatternType;
}

/** An operation on resources: what a token's scope is. */
export interface Scope extends ResourcePattern {
  readonly operation: Operation;
}

export interface Acl extends Scope {
  /** `User:` and a name, or `User:*` for everyone. */
  readonly principal: string;
  readonly permission: Permission;
}

/** The same text for the same ACL, and for no other. Starts with the resource, so that sorted ACLs stand by resource. */
export function aclText({ resourceType, patternType, resourceName, principal, operation, permission }: Acl): string {
  return JSON.stringify([resourceType, patternType, resourceName, principal, operation, permission]);
}
