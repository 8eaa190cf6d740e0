import type { TokenBody } from "../../client/index.ts";
import { limits } from "../../core/limits.ts";
import { type Command, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";
import { table } from "../table.ts";

export const tokensList: Command = {
  path: ["tokens", "list"],
  aliases: ["ls"],
  summary: "List the API tokens, without their secrets.",
  client: true,
  flags: {
    principal: { type: "string", value: "PRINCIPAL", doc: "Only this principal's." },
    ...jsonFlag,
  },
  examples: ["stratalog tokens list", "stratalog tokens list --principal User:ci --json"],
  run: async (context) => {
    const { args, client, io } = context;
    const principal = args.text("principal");
    const tokens: TokenBody[] = [];
    let cursor: string | undefined;
    do {
      const page = { limit: limits.listLimitMax, ...(principal !== undefined && { principal }), ...(cursor !== undefined && { cursor }) };
      const body = await client().tokens.list(page);
      tokens.push(...body.tokens);
      cursor = body.nextCursor;
    } while (cursor !== undefined && !io.signal.aborted);
    if (tokens.length === 0) await say(context, "There are no tokens. Make one: stratalog tokens create --principal User:NAME");
    await answer(context, { tokens }, () => (tokens.length === 0 ? "" : tokenTable(tokens)));
    return 0;
  },
};

function tokenTable(tokens: readonly TokenBody[]): string {
  const time = (ms: number | undefined): string => (ms === undefined ? "-" : new Date(ms).toISOString());
  const scopes = ({ scopes: given }: TokenBody): string =>
    given === undefined
      ? "everything"
      : given
          .map(({ operation, resourceType, resourceName, patternType }) => {
            const name = patternType === "PREFIXED" ? `${resourceName}*` : resourceName;
            return `${operation}:${resourceType.toLowerCase()}${resourceType === "CLUSTER" ? "" : `:${name}`}`;
          })
          .join(" ");
  const rows = tokens.map((token) => [
    token.id,
    token.principal,
    time(token.createdMs),
    time(token.expiresMs),
    scopes(token),
    token.description ?? "",
  ]);
  return table(["ID", "PRINCIPAL", "CREATED", "EXPIRES", "SCOPES", "DESCRIPTION"], rows);
}
