import { aclText, type Acl } from "../core/access/acl.ts";
import { type AclFilter, matchesAcl } from "../core/access/acl-filter.ts";
import { AclIndex } from "../core/access/acl-index.ts";
import { checkAcl } from "../core/access/check-acl.ts";
import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { CatalogItem } from "../ports/catalog.ts";
import { RowSet, rowValue, type RowSetServices } from "./row-set.ts";

/** Who may do what, kept in the catalog. Made by `createLog`; nothing in the log asks it: those who let others in do. */
export interface Acls {
  /** To decide from. @param isRefused whether an index of a moment ago has refused already: then one that is newer @throws unavailable */
  index(isRefused?: boolean): Promise<AclIndex>;
  /** By resource, ascending. @param after the `aclText` of the last one before */
  list(filter: AclFilter, page?: { readonly after?: string; readonly limit?: number }): Promise<readonly Acl[]>;
  /** All or none; those that are there already stay. @param acls checked by `checkAcl` @throws invalid_request when there would be too many; unavailable */
  add(acls: readonly Acl[]): Promise<void>;
  /** Deletes those that match, and tells which. When it fails on its way a part may be gone. @throws conflict, unavailable */
  remove(filter: AclFilter): Promise<readonly Acl[]>;
}

const formatVersion = 1;

/** ACLs in rows of `pk` "acls", `sk` their text. */
export class CatalogAcls implements Acls {
  readonly #rows: RowSet<Acl, AclIndex>;

  constructor(services: RowSetServices) {
    this.#rows = new RowSet(services, { pk: "acls", read: readAcl, view: (rows) => new AclIndex(rows.values()) });
  }

  index(isRefused = false): Promise<AclIndex> {
    return this.#rows.view(isRefused ? limits.accessRefusalCacheMs : limits.accessCacheMs);
  }

  async list(
    filter: AclFilter,
    { after = "", limit = limits.listLimitDefault }: { readonly after?: string; readonly limit?: number } = {},
  ): Promise<readonly Acl[]> {
    const found = [...(await this.#rows.rows())].filter(([text, acl]) => text > after && matchesAcl(filter, acl));
    const sorted = found.sort(([one], [other]) => (one < other ? -1 : 1));
    return sorted.slice(0, limit).map(([, acl]) => acl);
  }

  async add(acls: readonly Acl[]): Promise<void> {
    if (acls.length > limits.aclsRequestMax) {
      throw new LogError("invalid_request", `At most ${limits.aclsRequestMax} ACLs are added at once, not ${acls.length}.`);
    }
    await this.#rows.change((rows) => {
      const fresh = new Map(acls.map((acl) => [aclText(acl), acl] as const).filter(([text]) => !rows.has(text)));
      if (rows.size + fresh.size > limits.aclsMax) {
        throw new LogError(
          "invalid_request",
          `A log has at most ${limits.aclsMax} ACLs: delete some, or use prefixes and "*" in place of many names.`,
        );
      }
      return Array.from(fresh, ([sk, row]) => ({ sk, row, put: { v: formatVersion, ...row } }));
    });
  }

  async remove(filter: AclFilter): Promise<readonly Acl[]> {
    const gone = await this.#rows.change((rows) =>
      [...rows].filter(([, acl]) => matchesAcl(filter, acl)).map(([sk, row]) => ({ sk, row })),
    );
    return gone.map(({ row }) => row);
  }
}

/** @throws unsupported_version, corrupt_log */
function readAcl(item: CatalogItem): Acl {
  const { v: _, ...fields } = rowValue(item, "The ACL");
  try {
    return checkAcl(fields);
  } catch (cause) {
    throw new LogError("corrupt_log", `The catalog's ACL ${item.key.sk} is none.`, { cause });
  }
}
