import { LogError } from "../core/errors.ts";
import { requestHeaders } from "../http/wire.ts";
import type { ProduceAnswer } from "../http/wire.ts";
import type { Placed } from "./pending.ts";
import type { Transport } from "./transport.ts";
import type { SentRecord } from "./types.ts";
import { errorFromWire } from "./wire-errors.ts";

/** What makes a request idempotent: the retry carries the same three numbers and the same bytes. */
export interface Sequence {
  readonly producerId: bigint;
  readonly epoch: number;
  readonly sequence: number;
}

const utf8 = new TextEncoder();

/** The request body of some records. */
export function produceBody(batch: readonly Placed[]): Uint8Array<ArrayBuffer> {
  const records = batch.map(({ partition, pending }) => `{"partition":${partition},${pending.record.json}`);
  return utf8.encode(`{"records":[${records.join(",")}]}`);
}

/** One attempt. One result a record, in order. @throws LogError when none is in the log, or that is unknown */
export async function produce(
  transport: Transport,
  topic: string,
  body: Uint8Array<ArrayBuffer>,
  count: number,
  sequence: Sequence | undefined,
): Promise<readonly (SentRecord | LogError)[]> {
  const answer = await transport.json({
    method: "POST",
    path: ["topics", topic, "records"],
    body,
    ...(sequence === undefined ? {} : { headers: headersOf(sequence) }),
  });
  const offsets = (answer as ProduceAnswer | undefined)?.offsets;
  if (!Array.isArray(offsets) || offsets.length !== count) {
    throw new LogError("internal", `The server answered for ${offsets?.length ?? 0} of ${count} records.`, { outcome: "unknown" });
  }
  return (offsets as ProduceAnswer["offsets"]).map((result) =>
    "error" in result ? errorFromWire(result.error, "unknown") : { partition: result.partition, offset: result.offset },
  );
}

function headersOf({ producerId, epoch, sequence }: Sequence): Record<string, string> {
  return {
    [requestHeaders.producerId]: String(producerId),
    [requestHeaders.producerEpoch]: String(epoch),
    [requestHeaders.producerSeq]: String(sequence),
  };
}
