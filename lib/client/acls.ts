import type { AclFilter } from "../core/access/acl-filter.ts";
import type { AclListBody, AclsBody, DeletedAclsBody, WireAcl, WireNewAcl } from "../http/wire.ts";
import type { Transport } from "./transport.ts";
import { jsonBody } from "./transport.ts";

/** A page of ACLs: those that have all of what is given. With `patternType: "MATCH"`, those that affect the resource of that name. */
export interface ListAcls extends AclFilter {
  /** 1 to 1,000, default 100. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** Who may do what. Every error is a `LogError`; nothing is retried. */
export class AclsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** One page. `nextCursor` is there when more may follow. */
  async list(page: ListAcls = {}): Promise<AclListBody> {
    return (await this.#transport.json({ method: "GET", path: ["acls"], query: { ...page } })) as AclListBody;
  }

  /** All or none; those that are there already stay. @throws invalid_request */
  async create(acls: readonly WireNewAcl[]): Promise<readonly WireAcl[]> {
    return ((await this.#transport.json({ method: "POST", path: ["acls"], body: jsonBody({ acls }) })) as AclsBody).acls;
  }

  /** Deletes those that match, and tells which. @throws invalid_request for a filter that says nothing */
  async delete(filter: AclFilter): Promise<readonly WireAcl[]> {
    return ((await this.#transport.json({ method: "DELETE", path: ["acls"], query: { ...filter } })) as DeletedAclsBody).deleted;
  }
}
