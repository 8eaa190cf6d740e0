import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { Producer } from "../log/log.ts";
import type { AppRequest } from "./message.ts";
import { shown } from "./query.ts";
import { requestHeaders } from "./wire.ts";

const producerIdMax = 2n ** 63n - 1n;

/** The `Producer-*` headers: an idempotent request has an id and a sequence, and an epoch that is 0 when absent. @throws invalid_request */
export function producerOf(request: AppRequest): Producer | undefined {
  const id = request.header(requestHeaders.producerId);
  const epoch = request.header(requestHeaders.producerEpoch);
  const sequence = request.header(requestHeaders.producerSeq);
  if (id === undefined && epoch === undefined && sequence === undefined) return undefined;
  if (id === undefined || sequence === undefined) {
    throw new LogError("invalid_request", "An idempotent request needs both Producer-Id and Producer-Seq.");
  }
  return {
    id: integer("Producer-Id", id, producerIdMax),
    epoch: epoch === undefined ? 0 : Number(integer("Producer-Epoch", epoch, BigInt(limits.producerEpochMax))),
    sequence: Number(integer("Producer-Seq", sequence, BigInt(limits.producerSequenceMax))),
  };
}

function integer(name: string, text: string, max: bigint): bigint {
  const value = /^\d{1,19}$/.test(text) ? BigInt(text) : -1n;
  if (value >= 0n && value <= max) return value;
  throw new LogError("invalid_request", `${name} must be an integer from 0 to ${max}, not "${shown(text)}".`);
}
