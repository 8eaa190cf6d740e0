import { anyName, clusterName, resourceTypes, type Scope } from "../../core/access/acl.ts";
import { type Command, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";
import { parseDurationMs } from "../times.ts";
import { UsageError } from "../usage-error.ts";
import { operationOf } from "./acl-text.ts";

export const tokensCreate: Command = {
  path: ["tokens", "create"],
  summary: "Make an API token.",
  details: ["It is printed once, and kept nowhere. It acts as its principal, within what that is allowed; scopes narrow it further."],
  client: true,
  flags: {
    principal: { type: "string", value: "PRINCIPAL", doc: "Whom it acts as: User:ci." },
    scope: {
      type: "string",
      value: "OPERATION:TYPE:NAME",
      multiple: true,
      doc: "What it may be used for: WRITE:topic:orders, READ:topic:orders.* (a prefix), READ:group:g, ALL:topic:* or ALTER:cluster. Default: everything.",
    },
    expires: { type: "string", value: "TIME", doc: "For how long it is valid: 12h, 90d. Default: until it is revoked." },
    description: { type: "string", value: "TEXT", doc: "What it is for, shown in lists." },
    ...jsonFlag,
  },
  examples: [
    "stratalog tokens create --principal User:ci --expires 90d",
    "stratalog tokens create --principal User:ci --scope WRITE:topic:orders --description 'the build server'",
  ],
  run: async (context) => {
    const { args, client } = context;
    const principal = args.text("principal");
    if (principal === undefined) throw new UsageError("--principal is missing: whom does it act as? Such as User:ci.");
    const [scopes, expires, description] = [args.all("scope").map(scopeOf), args.text("expires"), args.text("description")];
    const token = await client().tokens.create({
      principal,
      ...(scopes.length > 0 && { scopes }),
      ...(expires !== undefined && { expiresMs: Date.now() + parseDurationMs("expires", expires) }),
      ...(description !== undefined && { description }),
    });
    await say(context, `Token ${token.id} of ${token.principal}. Keep it safe: it is told this once.`);
    await answer(context, token, () => `${token.token}\n`);
    return 0;
  },
};

/** @throws UsageError */
function scopeOf(text: string): Scope {
  const [operation = "", type = "", ...rest] = text.split(":");
  const name = rest.join(":");
  const resourceType = resourceTypes.find((known) => known === type.toUpperCase());
  if (resourceType === undefined || (resourceType === "CLUSTER") !== (name === "")) {
    throw new UsageError(`--scope must look like WRITE:topic:orders or ALTER:cluster, not "${text}".`);
  }
  const isPrefix = name !== anyName && name.endsWith("*");
  return {
    resourceType,
    resourceName: resourceType === "CLUSTER" ? clusterName : isPrefix ? name.slice(0, -1) : name,
    patternType: isPrefix ? "PREFIXED" : "LITERAL",
    operation: operationOf(operation),
  };
}
