import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Topic, Topics } from "../../log/log.ts";
import type { Caller } from "../auth/caller.ts";

/**
 * Topics that the caller may DESCRIBE, by name: as many as asked for, or all that are left.
 * @throws invalid_request when there are too many others in between: a page that ended among them would have to tell a name of theirs
 */
export async function listVisible(
  topics: Topics,
  caller: Caller,
  { prefix, after, limit }: { readonly prefix: string; readonly after: string; readonly limit: number },
): Promise<readonly Topic[]> {
  const rights = await caller.rights();
  const visible: Topic[] = [];
  let last = after;
  for (let seen = 0, asked = limit; seen < limits.listScanMax; asked = limits.listLimitMax) {
    const page = await topics.list({ limit: asked, ...(prefix === "" ? {} : { prefix }), ...(last === "" ? {} : { after: last }) });
    visible.push(...page.filter(({ name }) => rights("DESCRIBE", "TOPIC", name)));
    if (visible.length >= limit || page.length < asked) return visible.slice(0, limit);
    seen += page.length;
    last = page.at(-1)?.name ?? last;
  }
  throw new LogError(
    "invalid_request",
    "There are too many topics that you may not see to look through: give the prefix of those that you may.",
  );
}
