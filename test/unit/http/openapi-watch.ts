import assert from "node:assert/strict";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

interface OperationDoc {
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

/** Compares what goes through a fetch function with an OpenAPI document. */
export class OpenApiWatch {
  /** "METHOD path status", without /v1. */
  readonly seen = new Set<string>();
  readonly #paths: Readonly<Record<string, Readonly<Record<string, OperationDoc>>>>;
  readonly #ajv: Ajv2020;
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(document: Readonly<Record<string, unknown>>) {
    this.#paths = document["paths"] as Readonly<Record<string, Readonly<Record<string, OperationDoc>>>>;
    this.#ajv = new Ajv2020({ strict: false, allErrors: true, schemas: [{ $id: "doc", ...document }] });
  }

  async through(request: Request, send: (request: Request) => Promise<Response>): Promise<Response> {
    const sent = request.clone();
    const response = await send(request);
    const { pathname, searchParams } = new URL(request.url);
    const template = this.#template(pathname);
    if (template === undefined) {
      assert.ok(response.status === 404 || response.status === 400, `${pathname} is in no document and answered ${response.status}`);
      return response;
    }
    const method = request.method === "HEAD" ? "get" : request.method.toLowerCase();
    const operation = this.#paths[template]?.[method];
    if (operation === undefined) {
      assert.ok(response.status === 405 || request.method === "OPTIONS" || response.status === 403, `${request.method} ${template}`);
      return response;
    }
    this.seen.add(`${method.toUpperCase()} ${template.replace(/^\/v1/, "")} ${response.status}`);
    const at = `#/paths/${template.replaceAll("~", "~0").replaceAll("/", "~1")}/${method}`;
    await this.#checkResponse(response, operation, at, `${request.method} ${template}`);
    if (response.ok) await this.#checkRequest(sent, searchParams, operation, at);
    return response;
  }

  async #checkResponse(response: Response, operation: OperationDoc, at: string, what: string): Promise<void> {
    const { status } = response;
    const documented = operation.responses[status];
    const type = response.headers.get("content-type")?.split(";")[0];
    const text = type === "application/json" ? await response.clone().text() : "";
    assert.ok(documented, `${what}: status ${status} is not documented: ${text}`);
    if (type === undefined) return;
    assert.ok(documented.content !== undefined && type in documented.content, `${what} ${status}: ${type} is not documented`);
    if (text === "") return;
    this.#validate(`${at}/responses/${status}/content/${type.replaceAll("/", "~1")}/schema`, JSON.parse(text), what);
  }

  async #checkRequest(request: Request, query: URLSearchParams, operation: OperationDoc, at: string): Promise<void> {
    const names = operation.parameters?.filter((parameter) => parameter.in === "query").map((parameter) => parameter.name) ?? [];
    for (const name of query.keys()) assert.ok(names.includes(name), `${name} is a documented query parameter`);
    const type = request.headers.get("content-type")?.split(";")[0]?.toLowerCase();
    if (type === undefined || request.method === "GET" || request.method === "DELETE") return;
    assert.ok(operation.requestBody !== undefined && type in operation.requestBody.content, `${type} is a documented request body`);
    const schema = `${at}/requestBody/content/${type.replaceAll("/", "~1")}/schema`;
    if (type === "application/json") this.#validate(schema, JSON.parse(await request.text()), at);
  }

  #validate(pointer: string, value: unknown, what: string): void {
    const reference = `doc${encodeURI(pointer)}`;
    const known = this.#validators.get(reference) ?? this.#ajv.compile({ $ref: reference });
    this.#validators.set(reference, known);
    assert.ok(known(value), `${what}: ${this.#ajv.errorsText(known.errors)} in ${JSON.stringify(value).slice(0, 300)}`);
  }

  #template(path: string): string | undefined {
    return Object.keys(this.#paths).find((template) => {
      const wanted = template.split("/");
      const given = path.split("/");
      return (
        wanted.length === given.length &&
        wanted.every((part, index) => (part.startsWith("{") ? given[index] !== "" : part === given[index]))
      );
    });
  }
}
