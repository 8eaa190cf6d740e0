import type { WireAcl } from "../../client/index.ts";
import { clusterName, type Operation, operations, type ResourcePattern } from "../../core/access/acl.ts";
import type { Args } from "../args.ts";
import type { Flag } from "../command.ts";
import { didYouMean } from "../../client/suggest.ts";
import { table } from "../table.ts";
import { UsageError } from "../usage-error.ts";

/** What an ACL is about. */
export const resourceFlags = {
  topic: { type: "string", value: "NAME", doc: 'The topic; "*" is every one.' },
  group: { type: "string", value: "NAME", doc: 'The consumer group; "*" is every one.' },
  cluster: { type: "boolean", doc: "The log itself: ACLs, tokens, quotas, and making topics." },
  prefix: { type: "boolean", doc: "Every name that starts so." },
} as const satisfies Record<string, Flag>;

/** The resource that the flags name, if any. @throws UsageError for more than one */
export function resourceOf(args: Args): ResourcePattern | undefined {
  const patternType = args.has("prefix") ? "PREFIXED" : "LITERAL";
  const [topic, group] = [args.text("topic"), args.text("group")];
  const named: readonly ResourcePattern[] = [
    ...(topic === undefined ? [] : [{ resourceType: "TOPIC", resourceName: topic, patternType } as const]),
    ...(group === undefined ? [] : [{ resourceType: "GROUP", resourceName: group, patternType } as const]),
    ...(args.has("cluster") ? [{ resourceType: "CLUSTER", resourceName: clusterName, patternType: "LITERAL" } as const] : []),
  ];
  if (named.length > 1) throw new UsageError("One of --topic, --group and --cluster.");
  if (args.has("prefix") && (named.length === 0 || args.has("cluster"))) throw new UsageError("--prefix goes with --topic or --group.");
  return named[0];
}

/** An operation as somebody types it: `Read`, `read`, `alter-configs`. @throws UsageError */
export function operationOf(text: string): Operation {
  const upper = text
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .replaceAll("-", "_")
    .toUpperCase();
  const found = operations.find((operation) => operation === upper);
  if (found !== undefined) return found;
  throw new UsageError(`There is no operation "${text}": there are ${operations.join(", ")}.${didYouMean(upper, operations)}`);
}

export function aclTable(acls: readonly WireAcl[]): string {
  const rows = acls.map(({ resourceType, resourceName, patternType, principal, operation, permission }) => [
    resourceType,
    patternType === "PREFIXED" ? `${resourceName}…` : resourceName,
    principal,
    permission,
    operation,
  ]);
  return table(["RESOURCE", "NAME", "PRINCIPAL", "PERMISSION", "OPERATION"], rows);
}
