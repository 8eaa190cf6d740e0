import { aclText, operations, patternTypes, permissions, resourceTypes } from "../../core/access/acl.ts";
import { aclFilterFields, type AclFilter, checkAclFilter } from "../../core/access/acl-filter.ts";
import { checkAcl } from "../../core/access/check-acl.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { readFields } from "../body.ts";
import { ref } from "../openapi/schemas.ts";
import type { Query } from "../query.ts";
import { json } from "../responses.ts";
import type { Operation, Parameter, Route } from "../route.ts";
import { type AclListBody, type AclsBody, type DeletedAclsBody, mediaTypes } from "../wire.ts";
import { itemsOf, pageParameters, readPage } from "./paging.ts";

const filter: Readonly<Record<(typeof aclFilterFields)[number], Parameter>> = {
  resourceType: { description: "Only of this type.", schema: { enum: resourceTypes } },
  resourceName: { description: "Only with exactly this name.", schema: { type: "string" } },
  patternType: {
    description: "Only with this pattern. `MATCH`: those that affect the resource of this name, whatever their pattern.",
    schema: { enum: [...patternTypes, "MATCH"] },
  },
  principal: { description: "Only of this principal.", schema: { type: "string" } },
  operation: { description: "Only with this operation.", schema: { enum: operations } },
  permission: { description: "Only with this permission.", schema: { enum: permissions } },
};

const list: Operation = {
  id: "listAcls",
  summary: "List ACLs by resource",
  access: { resource: "CLUSTER", operation: "DESCRIBE" },
  query: { ...filter, ...pageParameters },
  answers: { 200: { description: "A page; more may follow where it has `nextCursor`.", content: { [mediaTypes.json]: ref("AclList") } } },
  errors: [],
  async handle({ services, query }) {
    const { limit, after } = readPage(query, limits.listCursorLengthMax);
    const acls = await services.log.acls.list(filterOf(query), { limit, after });
    const last = acls.length === limit ? acls.at(-1) : undefined;
    const body: AclListBody = { acls, ...(last === undefined ? {} : { nextCursor: aclText(last) }) };
    return json(200, body);
  },
};

const create: Operation = {
  id: "createAcls",
  summary: "Add ACLs, all or none",
  description: "Those that are there already stay. What one says holds in this process at once, in others within seconds.",
  access: { resource: "CLUSTER", operation: "ALTER" },
  body: { [mediaTypes.json]: ref("CreateAcls") },
  answers: { 200: { description: "The ACLs as they are in force.", content: { [mediaTypes.json]: ref("Acls") } } },
  errors: ["conflict", "request_too_large", "unsupported_media_type", "storage_full"],
  async handle(call) {
    const fields = await readFields(call, ["acls"]);
    const acls = itemsOf(fields, "acls", limits.aclsRequestMax).map(checkAcl);
    await call.services.log.acls.add(acls);
    return json(200, { acls } satisfies AclsBody);
  },
};

const remove: Operation = {
  id: "deleteAcls",
  summary: "Delete the ACLs that a filter matches",
  description: "With at least one field of the filter.",
  access: { resource: "CLUSTER", operation: "ALTER" },
  query: filter,
  answers: { 200: { description: "What was deleted.", content: { [mediaTypes.json]: ref("DeletedAcls") } } },
  errors: ["conflict", "storage_full"],
  async handle({ services, query }) {
    const wanted = filterOf(query);
    if (Object.keys(wanted).length === 0) {
      throw new LogError("invalid_request", `Say which ACLs to delete: with at least one of ${aclFilterFields.join(", ")} in the query.`);
    }
    return json(200, { deleted: await services.log.acls.remove(wanted) } satisfies DeletedAclsBody);
  },
};

export const aclsRoute: Route = { path: "/acls", operations: { GET: list, POST: create, DELETE: remove } };

function filterOf(query: Query): AclFilter {
  return checkAclFilter((field) => query.get(field));
}
