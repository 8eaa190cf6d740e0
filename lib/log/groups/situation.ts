import { mapBounded } from "../../core/bounded.ts";
import { limits } from "../../core/limits.ts";
import type { Topic, Topics } from "../log.ts";
import type { TopicCache } from "../topic-cache.ts";
import { topicGone } from "../topic-gone.ts";
import type { Situation, Subscription, TopicShape } from "./group-state.ts";
import type { MemberRow } from "./member-row.ts";

export interface TopicSources {
  readonly cache: TopicCache;
  readonly topics: Topics;
}

/**
 * What there is to read for those who live. Topics that are not there are nobody's until they are.
 * @param isFresh whether topics are looked up as they are now, and not as they were a moment ago
 */
export async function situationOf(
  sources: TopicSources,
  live: ReadonlyMap<string, MemberRow>,
  nowMs: number,
  isFresh: boolean,
): Promise<Situation> {
  const shapes = new Map<string, TopicShape>();
  const wanted = new Map<string, ReadonlySet<string>>();
  const known = new Map<string, readonly string[]>();
  for (const [member, { subscription }] of live) {
    const text = JSON.stringify(subscription);
    const names = known.get(text) ?? (await matching(sources, subscription, isFresh)).map((topic) => noted(shapes, topic));
    known.set(text, names);
    wanted.set(member, new Set(names));
  }
  const [first, ...others] = [...new Set([...live.values()].map(({ assignor }) => assignor))];
  const assignor = first === undefined || others.length > 0 ? "cooperative-sticky" : first;
  return { assignor, members: memberships(live), wanted, shapes: new Map([...shapes].sort(([a], [b]) => (a < b ? -1 : 1))), nowMs };
}

function memberships(live: ReadonlyMap<string, MemberRow>): Situation["members"] {
  return new Map([...live].map(([id, { session, subscription }]) => [id, { session, subscription }]));
}

function noted(shapes: Map<string, TopicShape>, { name, id, partitions }: Topic): string {
  shapes.set(name, { topicId: id, partitions });
  return name;
}

async function matching({ cache, topics }: TopicSources, subscription: Subscription, isFresh: boolean): Promise<readonly Topic[]> {
  if ("topics" in subscription) {
    const found = await mapBounded(subscription.topics, limits.shardConcurrency, (name) => topicOf(cache, name, isFresh));
    return found.filter((topic) => topic !== undefined);
  }
  const all: Topic[] = [];
  for (let after: string | undefined; all.length < limits.groupTopicsMax; ) {
    const page = await topics.list({ prefix: subscription.prefix, limit: limits.listLimitDefault, ...(after !== undefined && { after }) });
    all.push(...page);
    after = page.at(-1)?.name;
    if (page.length < limits.listLimitDefault) break;
  }
  return all.slice(0, limits.groupTopicsMax);
}

async function topicOf(cache: TopicCache, name: string, isFresh: boolean): Promise<Topic | undefined> {
  const found = await (isFresh ? cache.refresh(name) : cache.get(name)).catch(topicGone);
  return found?.topic;
}
