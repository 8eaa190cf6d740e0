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
  /** Decoded; not checked. Empty where the path has none. */
  readonly group: string;
  readonly member: string;
  /** As sent. Empty where the path has none. */
  readonly tokenId: string;
}

const unversioned: Readonly<Record<string, Route>> = {
  health: routes.health,
  metrics: routes.metrics,
  "openapi.json": routes.document,
};
const plain: Readonly<Record<string, Route>> = {
  ...unversioned,
  topics: routes.topics,
  groups: routes.groups,
  consumers: routes.consumers,
  acls: routes.acls,
  tokens: routes.tokens,
  quotas: routes.quotas,
};
const noParts = { topic: "", partition: -1, group: "", member: "", tokenId: "" } as const;

/** The route of a path (without query). By hand: a dozen shapes need no pattern language. @throws not_found, invalid_request */
export function matchPath(path: string): Match {
  const [before, version = "", first = "", name, what, partition, records, ...rest] = path.split("/");
  if (before !== "" || rest.length > 0) throw notFound(path);
  if (version !== "v1") {
    const route = path === `/${version}` && Object.hasOwn(unversioned, version) ? unversioned[version] : undefined;
    if (route === undefined) throw notFound(path);
    return { route, ...noParts };
  }
  if (name === undefined) {
    const route = Object.hasOwn(plain, first) ? plain[first] : undefined;
    if (route === undefined) throw notFound(path);
    return { route, ...noParts };
  }
  const found = name === "" ? undefined : named(first, name, [what, partition, records]);
  if (found === undefined) throw notFound(path);
  return { ...noParts, ...found };
}

type More = readonly [what: string | undefined, third: string | undefined, fourth: string | undefined];

/** A path that names something, and perhaps a part of it. @param name as it was sent */
function named(first: string, name: string, [what, third, fourth]: More): (Partial<Match> & Pick<Match, "route">) | undefined {
  if (first === "tokens") return what === undefined ? { route: routes.token, tokenId: decode(name) } : undefined;
  if (first === "groups") {
    const route = groupRoute(what, third, fourth);
    return route && { route, group: decode(name), member: third === undefined ? "" : decode(third) };
  }
  if (first === "consumers") {
    const route = third === undefined ? consumerRoute(what) : undefined;
    return route && { route, group: decode(name) };
  }
  const route = first === "topics" ? topicRoute(what, third, fourth) : undefined;
  return route && { route, topic: decode(name), partition: third === undefined ? -1 : partitionOf(third) };
}

function topicRoute(what: string | undefined, partition: string | undefined, records: string | undefined): Route | undefined {
  if (what === undefined) return routes.topic;
  if (partition === undefined) {
    if (what === "records") return routes.topicRecords;
    return what === "offsets" ? routes.offsets : undefined;
  }
  return what === "partitions" && records === "records" ? routes.partitionRecords : undefined;
}

function groupRoute(what: string | undefined, member: string | undefined, part: string | undefined): Route | undefined {
  if (member !== undefined) return what === "members" && member !== "" ? memberRoute(part) : undefined;
  if (what === undefined) return routes.group;
  if (what === "offsets") return routes.groupOffsets;
  if (what === "records") return routes.groupRecords;
  return what === "lag" ? routes.groupLag : undefined;
}

function consumerRoute(what: string | undefined): Route | undefined {
  if (what === undefined) return routes.consumer;
  if (what === "status") return routes.consumerStatus;
  if (what === "dead-letters") return routes.deadLetters;
  return what === "redrive" ? routes.redrive : undefined;
}

function memberRoute(part: string | undefined): Route | undefined {
  if (part === undefined) return routes.member;
  return part === "transactions" ? routes.transactions : undefined;
}

function partitionOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new LogError("invalid_request", `"${shown(text)}" is no partition: use a number from 0.`);
}

function notFound(path: string): LogError {
  return new LogError("not_found", `There is nothing at ${shown(path)}: /openapi.json has all paths.`);
}
