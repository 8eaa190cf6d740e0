import type { ErrorCode } from "../../core/errors.ts";
import { describeAccess } from "../auth/access.ts";
import { commonErrors, methods, type Operation, type Parameter, type Route } from "../route.ts";
import { statusOf } from "../status.ts";
import { mediaTypes } from "../wire.ts";
import { ref, schemas } from "./schemas.ts";

/** The OpenAPI 3.1 document of these routes. */
export function openApiDocument(routes: readonly Route[], version: string): Readonly<Record<string, unknown>> {
  const paths: Record<string, unknown> = {};
  for (const route of routes) {
    paths[`/v1${route.path}`] = pathItem(route, "");
    if (route.unversioned === true) paths[route.path] = pathItem(route, "Unversioned");
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Stratalog",
      version,
      summary: "An event log: Kafka's topics, partitions, offsets and replay, over HTTP.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    paths,
    components: { schemas, securitySchemes },
    security: Object.keys(securitySchemes).map((name) => ({ [name]: [] })),
  };
}

/** Where a server has credentials configured, every request has one of these. */
const securitySchemes = {
  bearer: { type: "http", scheme: "bearer", description: "An API token of this log, or a JWT of the issuer that the server trusts." },
  sigv4: {
    type: "apiKey",
    in: "header",
    name: "Authorization",
    description: "A request signed with AWS Signature Version 4, where an AWS front door checks it.",
    "x-amazon-apigateway-authtype": "awsSigv4",
  },
} as const;

function pathItem(route: Route, suffix: string): Record<string, unknown> {
  const item: Record<string, unknown> = {};
  const parameters = pathParameters(route.path);
  if (parameters.length > 0) item["parameters"] = parameters;
  for (const method of methods) {
    const operation = route.operations[method];
    if (operation !== undefined) item[method.toLowerCase()] = operationObject(operation, suffix, route.path.includes("{topic}"));
  }
  return item;
}

const inPath: Readonly<Record<string, Parameter>> = {
  topic: { description: "The topic's name.", schema: ref("TopicName") },
  partition: { description: "The partition, from 0.", schema: { type: "integer", minimum: 0 } },
  group: { description: "The group's id.", schema: ref("GroupId") },
  member: { description: "The member's id.", schema: ref("MemberId") },
  id: { description: "The token's id.", schema: ref("TokenId") },
};

function pathParameters(path: string): readonly Record<string, unknown>[] {
  return Object.keys(inPath)
    .filter((name) => path.includes(`{${name}}`))
    .map((name) => ({ name, in: "path", required: true, ...inPath[name] }));
}

function operationObject(operation: Operation, suffix: string, hasTopic: boolean): Record<string, unknown> {
  const { id, summary, description, access, query = {}, headers = {}, body, answers, errors } = operation;
  const codes = [...commonErrors, ...errors, ...(hasTopic ? (["invalid_topic", "unknown_topic_or_partition"] as const) : [])];
  const responses: Record<string, unknown> = errorResponses([...new Set(codes)], body !== undefined && mediaTypes.ndjson in body);
  for (const [status, answer] of Object.entries(answers)) {
    responses[status] = {
      description: answer.description,
      ...(answer.headers === undefined ? {} : { headers: answer.headers }),
      ...(answer.content === undefined ? {} : { content: content(answer.content) }),
    };
  }
  const parameters = [...parameterObjects("query", query), ...parameterObjects("header", headers)];
  return {
    operationId: `${id}${suffix}`,
    summary,
    description: `${description === undefined ? "" : `${description} `}${describeAccess(access)}`,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: content(body) } }),
    responses,
  };
}

function parameterObjects(where: "query" | "header", parameters: Readonly<Record<string, Parameter>>): readonly unknown[] {
  return Object.entries(parameters).map(([name, parameter]) => ({ name, in: where, required: false, ...parameter }));
}

function content(byType: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(byType).map(([type, schema]) => [type, { schema }]));
}

/** One response a status, that names the codes which come with it. */
function errorResponses(codes: readonly ErrorCode[], hasNdjson: boolean): Record<string, unknown> {
  const byStatus = Object.groupBy(codes, (code) => statusOf[code]);
  const body = ref(hasNdjson ? "NdjsonErrorBody" : "ErrorBody");
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, same = []]) => [
      status,
      {
        description: same.join(", "),
        content: { [mediaTypes.json]: { schema: { allOf: [body, { properties: { error: { properties: { code: { enum: same } } } } }] } } },
      },
    ]),
  );
}
