import { canonicalPrincipal } from "../../core/access/principal.ts";
import { LogError } from "../../core/errors.ts";
import { checkQuotaChange, quotaKinds } from "../../core/quota-rates.ts";
import type { PrincipalQuota } from "../../log/quotas/quotas.ts";
import { readFields } from "../body.ts";
import { ref } from "../openapi/schemas.ts";
import { json } from "../responses.ts";
import type { Operation, Route } from "../route.ts";
import { mediaTypes, type QuotaBody, type QuotaListBody } from "../wire.ts";

const list: Operation = {
  id: "listQuotas",
  summary: "List quotas by principal",
  access: { resource: "CLUSTER", operation: "DESCRIBE_CONFIGS" },
  query: { principal: { description: "Only this principal's own.", schema: { type: "string" } } },
  answers: { 200: { description: "All that are set.", content: { [mediaTypes.json]: ref("QuotaList") } } },
  errors: [],
  async handle({ services, query }) {
    const { rules } = services.log.quotas;
    const principal = query.get("principal");
    const found = await rules.list(principal === undefined ? undefined : canonicalPrincipal(principal));
    return json(200, { quotas: found.map(quotaBody), enforced: rules.isEnforced } satisfies QuotaListBody);
  },
};

const alter: Operation = {
  id: "alterQuota",
  summary: "Set or take away a principal's quotas",
  description: "What is not named stays as it is. It holds in this process at once, in others within seconds.",
  access: { resource: "CLUSTER", operation: "ALTER_CONFIGS" },
  body: { [mediaTypes.json]: ref("AlterQuota") },
  answers: { 200: { description: "What the principal has now.", content: { [mediaTypes.json]: ref("Quota") } } },
  errors: ["conflict", "request_too_large", "unsupported_media_type", "storage_full"],
  async handle(call) {
    const fields = await readFields(call, ["principal", ...quotaKinds]);
    const principal = fields.get("principal");
    if (typeof principal !== "string") throw new LogError("invalid_request", "principal must be a string, such as User:ada or User:*.");
    const change = checkQuotaChange((kind) => fields.get(kind));
    return json(200, quotaBody(await call.services.log.quotas.rules.set(canonicalPrincipal(principal), change)));
  },
};

export const quotasRoute: Route = { path: "/quotas", operations: { GET: list, PATCH: alter } };

function quotaBody({ principal, rates }: PrincipalQuota): QuotaBody {
  return { principal, ...rates };
}
