/**
 * `npm run bench:delivery [-- --json]`: what delivering records to functions costs by AWS's billing rule: requests, write and read units a batch, what an idle consumer
 * asks for, and what the sweep comes to in a month at list prices.
 */
import { measureDelivery } from "./cost/delivery.ts";
import { benchOptions, report } from "./support/metrics.ts";

const { json } = benchOptions({});
report(await measureDelivery(), json);
