import type { ResourceType } from "../../core/access/acl.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Caller } from "../auth/caller.ts";

/** A part of a list by name. */
export type ListPart<T> = (page: { readonly prefix?: string; readonly after?: string; readonly limit: number }) => Promise<readonly T[]>;

/**
 * What the caller may DESCRIBE of a list, by name: as many as asked for, or all that are left.
 * @param of `keyOf`: what the list is sorted by. Default: the name
 * @throws invalid_request when there are too many others in between: a page that ended among them would have to tell a name of theirs
 */
export async function listVisible<T>(
  part: ListPart<T>,
  of: {
    readonly caller: Caller;
    readonly resourceType: ResourceType;
    readonly nameOf: (item: T) => string;
    readonly keyOf?: (item: T) => string;
  },
  { prefix, after, limit }: { readonly prefix: string; readonly after: string; readonly limit: number },
): Promise<readonly T[]> {
  const { caller, resourceType, nameOf, keyOf = nameOf } = of;
  const rights = await caller.rights();
  const visible: T[] = [];
  let last = after;
  for (let seen = 0, asked = limit; seen < limits.listScanMax; asked = limits.listLimitMax) {
    const page = await part({ limit: asked, ...(prefix === "" ? {} : { prefix }), ...(last === "" ? {} : { after: last }) });
    visible.push(...page.filter((item) => rights("DESCRIBE", resourceType, nameOf(item))));
    if (visible.length >= limit || page.length < asked) return visible.slice(0, limit);
    seen += page.length;
    last = page.map(keyOf).at(-1) ?? last;
  }
  const what = `${resourceType.toLowerCase()}s`;
  throw new LogError(
    "invalid_request",
    `There are too many ${what} that you may not see to look through: give the prefix of those that you may.`,
  );
}
