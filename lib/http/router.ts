import { LogError } from "../core/errors.ts";
import { decode, shown } from "./query.ts";
import type { Route } from "./route.ts";
import { routes } from "./routes/index.ts";

export interface Match {
  readonly route: Route;
  /** Decoded; not checked. Empty where the path has none. */
  readonly topic: string;
  /** -1 where the path has none. */
  readonly partition: number;
}

/** The route of a path (without query). By hand: seven shapes need no pattern language. @throws not_found, invalid_request */
export function matchPath(path: string): Match {
  if (path === "/health") return { route: routes.health, topic: "", partition: -1 };
  if (path === "/metrics") return { route: routes.metrics, topic: "", partition: -1 };
  if (path === "/openapi.json") return { route: routes.document, topic: "", partition: -1 };
  const [before, version, first, topic, what, partition, records, ...rest] = path.split("/");
  if (before !== "" || version !== "v1" || rest.length > 0) throw notFound(path);
  if (topic === undefined) {
    if (first === "topics") return { route: routes.topics, topic: "", partition: -1 };
    if (first === "health") return { route: routes.health, topic: "", partition: -1 };
    if (first === "metrics") return { route: routes.metrics, topic: "", partition: -1 };
    if (first === "openapi.json") return { route: routes.document, topic: "", partition: -1 };
    throw notFound(path);
  }
  if (first !== "topics" || topic === "") throw notFound(path);
  const route = topicRoute(what, partition, records);
  if (route === undefined) throw notFound(path);
  return { route, topic: decode(topic), partition: partition === undefined ? -1 : partitionOf(partition) };
}

function topicRoute(what: string | undefined, partition: string | undefined, records: string | undefined): Route | undefined {
  if (what === undefined) return routes.topic;
  if (partition === undefined) {
    if (what === "records") return routes.topicRecords;
    return what === "offsets" ? routes.offsets : undefined;
  }
  return what === "partitions" && records === "records" ? routes.partitionRecords : undefined;
}

function partitionOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new LogError("invalid_request", `"${shown(text)}" is no partition: use a number from 0.`);
}

function notFound(path: string): LogError {
  return new LogError("not_found", `There is nothing at ${shown(path)}: /openapi.json has all paths.`);
}
