import type { QuotaBody } from "../../client/index.ts";
import { table } from "../table.ts";

export function quotaTable(quotas: readonly QuotaBody[]): string {
  const rows = quotas.map(({ principal, producerByteRate = "-", consumerByteRate = "-", requestRate = "-" }) => [
    principal,
    producerByteRate,
    consumerByteRate,
    requestRate,
  ]);
  return table(["PRINCIPAL", "PRODUCER BYTES/S", "CONSUMER BYTES/S", "REQUESTS/S"], rows);
}
