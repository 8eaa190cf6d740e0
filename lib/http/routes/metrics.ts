import { LogError } from "../../core/errors.ts";
import type { Operation, Route } from "../route.ts";

const metrics: Operation = {
  id: "metrics",
  summary: "The server's metrics for Prometheus",
  description: "Its own, since it started. Where they go elsewhere, to CloudWatch for example, there are none here.",
  access: { resource: "CLUSTER", operation: "DESCRIBE" },
  answers: { 200: { description: "Prometheus's text format.", content: { "text/plain": { type: "string" } } } },
  errors: ["not_found"],
  async handle({ services }) {
    if (services.metrics === undefined)
      throw new LogError("not_found", "This server keeps no metrics: start it with --metrics on, or look where it sends them.");
    const { contentType, text } = await services.metrics();
    return { status: 200, headers: { "content-type": contentType }, body: text };
  },
};

export const metricsRoute: Route = { path: "/metrics", unversioned: true, operations: { GET: metrics } };
