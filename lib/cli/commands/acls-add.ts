import type { WireNewAcl } from "../../client/index.ts";
import type { Operation } from "../../core/access/acl.ts";
import { type Command, jsonFlag } from "../command.ts";
import { answer } from "../context.ts";
import { UsageError } from "../usage-error.ts";
import { aclTable, operationOf, resourceFlags, resourceOf } from "./acl-text.ts";

export const aclsAdd: Command = {
  path: ["acls", "add"],
  summary: "Allow a principal something, or forbid it.",
  details: ["What is denied stays denied whatever else allows it; what nothing allows is denied. Adding what is there changes nothing."],
  client: true,
  flags: {
    principal: { type: "string", value: "PRINCIPAL", doc: 'Who: User:ada, an AWS identity as User:arn:…, or "User:*" for everyone.' },
    operation: {
      type: "string",
      value: "NAME",
      multiple: true,
      doc: "READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, … or ALL.",
    },
    producer: { type: "boolean", doc: "What it takes to append to --topic: WRITE." },
    consumer: { type: "boolean", doc: "What it takes to read --topic, or as --group: READ." },
    deny: { type: "boolean", doc: "Forbid it. Default: allow it." },
    ...resourceFlags,
    ...jsonFlag,
  },
  examples: [
    "stratalog acls add --principal User:ci --producer --topic orders",
    "stratalog acls add --principal User:ci --operation READ --operation DESCRIBE --topic orders. --prefix",
    "stratalog acls add --deny --principal 'User:*' --operation DELETE --topic '*'",
    "stratalog acls add --principal User:ops --operation ALL --cluster",
  ],
  run: async (context) => {
    const { args, client } = context;
    const principal = args.text("principal");
    const resource = resourceOf(args);
    if (principal === undefined) throw new UsageError("--principal is missing: who is it for? Such as User:ada.");
    if (resource === undefined) throw new UsageError("What is it about? Give --topic, --group or --cluster.");
    const operations: readonly Operation[] = [
      ...args.all("operation").map(operationOf),
      ...(args.has("producer") ? (["WRITE"] as const) : []),
      ...(args.has("consumer") ? (["READ"] as const) : []),
    ];
    if (operations.length === 0) throw new UsageError("What may be done? Give --operation, --producer or --consumer.");
    const permission = args.has("deny") ? "DENY" : "ALLOW";
    const acls = await client().acls.create(operations.map((operation): WireNewAcl => ({ ...resource, principal, operation, permission })));
    await answer(context, { acls }, () => aclTable(acls));
    return 0;
  },
};
