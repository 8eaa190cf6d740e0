import { deliveryCases } from "./consumers/delivery.ts";
import { failureCases } from "./consumers/failures.ts";
import { leaseCases } from "./consumers/leases.ts";
import { lifeCases } from "./consumers/lives.ts";
import { outputCases } from "./consumers/outputs.ts";
import { pendingCases } from "./consumers/pending.ts";
import { redriveCases } from "./consumers/redrives.ts";
import { timeCases } from "./consumers/time.ts";
import type { StrataCase } from "./strata/build.ts";

/** What triggered consumers must do over every engine: the contract in `lib/log/consumers/consumers.ts`. */
export const consumerCases: readonly StrataCase[] = [
  ...deliveryCases,
  ...failureCases,
  ...leaseCases,
  ...lifeCases,
  ...outputCases,
  ...redriveCases,
  ...pendingCases,
  ...timeCases,
];
