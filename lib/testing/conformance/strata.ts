import type { StrataCase } from "./strata/build.ts";
import { compactionCases } from "./strata/compaction.ts";
import { lostRowCases } from "./strata/lost-rows.ts";
import { retentionCases } from "./strata/retention.ts";
import { roundCases } from "./strata/rounds.ts";
import { sealCases } from "./strata/seal.ts";
import { timeCases } from "./strata/times.ts";

/** What the log must do with its strata over every engine: sealing, merging, compaction, retention, collection, deletion. */
export const strataCases: readonly StrataCase[] = [
  ...sealCases,
  ...timeCases,
  ...retentionCases,
  ...compactionCases,
  ...lostRowCases,
  ...roundCases,
];
