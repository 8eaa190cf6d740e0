import type { DynamoDBStreamEvent } from "aws-lambda";
import { shardsThatChanged } from "../../aws/stream-hints.ts";
import { mapBounded } from "../../core/bounded.ts";
import { limits } from "../../core/limits.ts";
import type { Consumers } from "../../log/consumers/consumers.ts";
import type { StartDelivery } from "./start-delivery.ts";

export interface RouterParts {
  readonly consumers: Pick<Consumers, "pending">;
  readonly start: StartDelivery;
  /** Runs before the invocation ends, however it does. */
  readonly settle: () => Promise<void>;
}

export interface RouterReport {
  /** Shards that have changed; undefined for the sweep, which looks at all. */
  readonly shards: number | undefined;
  /** Deliveries that were started. */
  readonly started: number;
}

/** A batch of the table's stream, or anything else: the schedule's event. */
export type RouterEvent = Partial<DynamoDBStreamEvent>;

/**
 * Starts the deliveries that are due: after a batch of the table's stream those of its shards, and on a schedule all. Who gets here twice, late or never harms nothing: the
 * sweep comes each minute, and a partition that is delivered already is not delivered twice.
 * @throws Error when a delivery could not be started, or a consumer not looked at; the others were
 */
export function routerHandler({ consumers, start, settle }: RouterParts): (event: RouterEvent) => Promise<RouterReport> {
  return async ({ Records: records }) => {
    try {
      const shards = records && shardsThatChanged(records);
      if (shards?.length === 0) return { shards: 0, started: 0 };
      const unseen: string[] = [];
      const due = await consumers.pending(shards, (group, reason) => void unseen.push(`${group}: ${asFailure(reason).message}`));
      const failures = await mapBounded(due, limits.deliverStartsAtOnce, (delivery) => start(delivery).then(noFailure, asFailure));
      const failed = failures.filter((failure) => failure !== undefined);
      const [cause] = failed;
      if (cause !== undefined)
        throw new Error(`${failed.length} of ${due.length} deliveries could not be started: ${cause.message}`, { cause });
      if (unseen.length > 0) throw new Error(`${unseen.length} consumers could not be looked at (the others were): ${unseen[0]}`);
      return { shards: shards?.length, started: due.length };
    } finally {
      await settle();
    }
  };
}

function noFailure(): undefined {
  return undefined;
}

function asFailure(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
