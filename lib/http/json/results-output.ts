import type { RecordResult } from "../../log/log.ts";
import { wireError } from "../responses.ts";

/** The elements of `offsets` as JSON. By hand: this is the whole answer of the hottest request. */
export function writeResults(results: readonly RecordResult[]): string {
  let text = "";
  let partition = -1;
  let start = "";
  for (const result of results) {
    if ("error" in result) {
      text += `,${JSON.stringify({ partition: result.partition, error: wireError(result.error) })}`;
      continue;
    }
    if (result.partition !== partition) {
      partition = result.partition;
      start = `,{"partition":${partition},"offset":`;
    }
    text += `${start}${result.offset}}`;
  }
  return text.slice(1);
}
