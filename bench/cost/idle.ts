import { setTimeout as sleep } from "node:timers/promises";
import { nodeClock } from "../../lib/node/clock.ts";
import { type Metric, progress } from "../support/metrics.ts";
import { fill, subjectOf } from "./load.ts";
import { exactly } from "./measure.ts";
import type { Store } from "./store.ts";
import { between, sumOf } from "./usage.ts";

const idleMs = 3_000;

/** An engine that was used and is now left alone, in real time. */
export async function measureIdleRequests(store: Store): Promise<Metric[]> {
  progress("idle …");
  const subject = await subjectOf(store, 16);
  await fill(subject, { name: "used", entries: 100 }, 1);
  const before = subject.opened.usage.tallies;
  await sleep(idleMs);
  const requests = sumOf(between(before, subject.opened.usage.tallies), "requests");
  if (store.clock !== nodeClock) throw new Error("idleness is measured in real time");
  return [exactly(`idle for ${idleMs / 1_000} s: requests to DynamoDB and S3`, requests, "calls", 0)];
}
