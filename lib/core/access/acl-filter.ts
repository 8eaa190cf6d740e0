import { LogError } from "../errors.ts";
import { type Acl, anyName, operations, type PatternType, permissions, patternTypes, resourceTypes } from "./acl.ts";
import { word } from "./check-acl.ts";
import { canonicalPrincipal } from "./principal.ts";

/** Which ACLs: those that have all of what is given. With `MATCH`, those that affect the resource of that name. */
export interface AclFilter extends Partial<Omit<Acl, "patternType">> {
  readonly patternType?: PatternType | "MATCH";
}

export const aclFilterFields = ["resourceType", "resourceName", "patternType", "principal", "operation", "permission"] as const;

/** A filter from its fields as text. @throws invalid_request */
export function checkAclFilter(get: (field: (typeof aclFilterFields)[number]) => string | undefined): AclFilter {
  const text = (field: (typeof aclFilterFields)[number]) => get(field);
  const [resourceType, resourceName, patternType] = [text("resourceType"), text("resourceName"), text("patternType")];
  const [principal, operation, permission] = [text("principal"), text("operation"), text("permission")];
  if (patternType === "MATCH" && resourceName === undefined) {
    throw new LogError("invalid_request", "patternType MATCH needs the resourceName that the ACLs affect.");
  }
  return {
    ...(resourceType !== undefined && { resourceType: word("resourceType", resourceType, resourceTypes) }),
    ...(resourceName !== undefined && { resourceName }),
    ...(patternType !== undefined && { patternType: word("patternType", patternType, [...patternTypes, "MATCH"]) }),
    ...(principal !== undefined && { principal: canonicalPrincipal(principal) }),
    ...(operation !== undefined && { operation: word("operation", operation, operations) }),
    ...(permission !== undefined && { permission: word("permission", permission, permissions) }),
  };
}

/** Whether an ACL is one of those. */
export function matchesAcl(filter: AclFilter, acl: Acl): boolean {
  const { resourceName, patternType, ...exact } = filter;
  for (const field of ["resourceType", "principal", "operation", "permission"] as const) {
    if (exact[field] !== undefined && exact[field] !== acl[field]) return false;
  }
  if (patternType === "MATCH") return resourceName !== undefined && affects(acl, resourceName);
  return (resourceName ?? acl.resourceName) === acl.resourceName && (patternType ?? acl.patternType) === acl.patternType;
}

/** Whether an ACL is about the resource of that name. */
export function affects({ patternType, resourceName }: Acl, name: string): boolean {
  if (patternType === "PREFIXED") return name.startsWith(resourceName);
  return resourceName === name || resourceName === anyName;
}
