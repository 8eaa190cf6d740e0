import { memberCases } from "./groups/members.ts";
import { offsetCases } from "./groups/offsets.ts";
import { transactionCases } from "./groups/transactions.ts";
import type { StrataCase } from "./strata/build.ts";

/** What consumer groups must do over every engine: the contract in `lib/log/groups/groups.ts`. */
export const groupCases: readonly StrataCase[] = [...memberCases, ...offsetCases, ...transactionCases];
