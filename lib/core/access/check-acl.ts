import { utf8Bytes } from "../codec/utf8.ts";
import { LogError } from "../errors.ts";
import { limits } from "../limits.ts";
import {
  type Acl,
  aclText,
  anyName,
  clusterName,
  type Operation,
  operations,
  patternTypes,
  permissions,
  type ResourceType,
  resourceTypes,
  type Scope,
} from "./acl.ts";
import { canonicalPrincipal } from "./principal.ts";

/** As in Kafka: an ACL for another operation could never matter. */
const operationsOf: Readonly<Record<ResourceType, ReadonlySet<Operation>>> = {
  TOPIC: new Set(["ALL", "READ", "WRITE", "CREATE", "DELETE", "ALTER", "DESCRIBE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"]),
  GROUP: new Set(["ALL", "READ", "DELETE", "DESCRIBE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"]),
  CLUSTER: new Set(["ALL", "CREATE", "ALTER", "DESCRIBE", "CLUSTER_ACTION", "DESCRIBE_CONFIGS", "ALTER_CONFIGS", "IDEMPOTENT_WRITE"]),
};
const legalTopic = /^[a-zA-Z0-9._-]+$/;
const legalGroup = /^\P{Cc}+$/u;

const scopeFields = ["resourceType", "resourceName", "patternType", "operation"] as const;
const aclFields = [...scopeFields, "principal", "permission"] as const;

/** An ACL as somebody wrote it, checked, its principal in canonical form. `patternType` is LITERAL by default. @throws invalid_request */
export function checkAcl(value: unknown): Acl {
  const fields = fieldsOf(value, aclFields, "An ACL");
  const { principal } = fields;
  if (typeof principal !== "string") throw invalid("principal must be a string, such as User:ada.");
  const permission = word("permission", fields["permission"], permissions);
  const acl: Acl = { ...scopeOf(fields), principal: canonicalPrincipal(principal), permission };
  if (utf8Bytes(aclText(acl)) > limits.aclTextBytesMax) throw invalid("resourceName and principal are too long together.");
  return acl;
}

/** A token's scope, likewise. @throws invalid_request */
export function checkScope(value: unknown): Scope {
  return scopeOf(fieldsOf(value, scopeFields, "A scope"));
}

/** One of some words in upper case. @throws invalid_request */
export function word<const T extends string>(name: string, value: unknown, words: readonly T[]): T {
  const known = words.find((candidate) => candidate === value);
  if (known === undefined) throw invalid(`${name} must be one of ${words.join(", ")}.`);
  return known;
}

function scopeOf(fields: Readonly<Record<string, unknown>>): Scope {
  const resourceType = word("resourceType", fields["resourceType"], resourceTypes);
  const patternType = word("patternType", fields["patternType"] ?? "LITERAL", patternTypes);
  const operation = word("operation", fields["operation"], operations);
  const { resourceName } = fields;
  if (typeof resourceName !== "string") throw invalid("resourceName must be a string.");
  if (!operationsOf[resourceType].has(operation)) {
    throw invalid(`${resourceType} has no operation ${operation}: there are ${[...operationsOf[resourceType]].join(", ")}.`);
  }
  checkName(resourceType, resourceName, patternType === "LITERAL");
  return { resourceType, resourceName, patternType, operation };
}

function checkName(type: ResourceType, name: string, isLiteral: boolean): void {
  if (type === "CLUSTER") {
    if (name === clusterName && isLiteral) return;
    throw invalid(`The only resourceName of CLUSTER is ${clusterName}, with patternType LITERAL.`);
  }
  if (name === anyName && isLiteral) return;
  const isLegal = type === "TOPIC" ? legalTopic.test(name) : legalGroup.test(name) && name.isWellFormed();
  if (isLegal && name.length <= limits.resourceNameLengthMax) return;
  throw invalid(
    `resourceName must be a ${type === "TOPIC" ? "topic's" : "group's"} name of at most ${limits.resourceNameLengthMax} characters${isLiteral ? `, or ${anyName} for all` : ", or the start of one"}.`,
  );
}

function fieldsOf(value: unknown, known: readonly string[], what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(`${what} is an object of ${known.join(", ")}.`);
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) throw invalid(`${what} has no field "${unknown.slice(0, 80)}": it has ${known.join(", ")}.`);
  return value as Readonly<Record<string, unknown>>;
}

function invalid(message: string): LogError {
  return new LogError("invalid_request", message);
}
