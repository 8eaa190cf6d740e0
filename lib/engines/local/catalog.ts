import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Catalog } from "../../ports/catalog.ts";
import { check } from "./checks.ts";
import type { Committer } from "./committer.ts";
import { transactRequest } from "./decisions.ts";
import type { LocalState } from "./local-state.ts";
import type { Reading } from "./reading.ts";

/** The port over a data folder: writes are journal frames, reads are of what is durable. */
export function localCatalog(state: LocalState, committer: Committer, reading: Reading): Catalog {
  return {
    async get(key) {
      return reading(() => state.items.get(key));
    },
    async query(pk, range) {
      if (!Number.isInteger(range.limit) || range.limit < 1 || range.limit > limits.catalogQueryLimitMax) {
        throw new LogError("invalid_request", `A catalog query's limit is 1 to ${limits.catalogQueryLimitMax}, not ${range.limit}.`);
      }
      return reading(() => state.items.query(pk, range));
    },
    async transact(writes) {
      check.appends([], writes);
      await committer.submit(transactRequest([], writes));
    },
  };
}
