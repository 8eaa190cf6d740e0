import { ref } from "../openapi/schemas.ts";
import { json } from "../responses.ts";
import type { Operation, Route } from "../route.ts";
import { type HealthBody, mediaTypes } from "../wire.ts";

const health: Operation = {
  id: "health",
  summary: "Whether the server answers",
  access: "authenticated",
  answers: { 200: { description: "It does.", content: { [mediaTypes.json]: ref("Health") } } },
  errors: [],
  async handle({ services: { version, engine } }) {
    return json(200, { status: "ok", version, engine } satisfies HealthBody);
  },
};

export const healthRoute: Route = { path: "/health", unversioned: true, operations: { GET: health } };
