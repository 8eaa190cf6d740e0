import type { EngineCase } from "./case.ts";
import { appendCases } from "./journal/append.ts";
import { batchProducerCases } from "./journal/batch-producers.ts";
import { guardCases } from "./journal/guards.ts";
import { lifeCases } from "./journal/life.ts";
import { positionCases } from "./journal/positions.ts";
import { requestProducerCases } from "./journal/request-producers.ts";
import { transactCases } from "./journal/transact.ts";

/** What every engine's `Journal` must pass: the contract in `lib/ports/journal.ts`, sentence by sentence. */
export const journalCases: readonly EngineCase[] = [
  ...appendCases,
  ...positionCases,
  ...guardCases,
  ...requestProducerCases,
  ...batchProducerCases,
  ...transactCases,
  ...lifeCases,
];
