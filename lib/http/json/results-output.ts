import type { RecordResult } from "../../log/log.ts";
import { wireError } from "../responses.ts";

/** The elements of `offsets` as JSON. By hand: this is the whole answer of the hottest request. */
export function writeResults(results: readonly RecordResult[]): string {
  let text = "";
  for (const result of results) {
    if (text !== "") text += ",";
    text +=
      "error" in result
        ? JSON.stringify({ partition: result.partition, error: wireError(result.error) })
        : `{"partition":${result.partition},"offset":${result.offset}}`;
  }
  return text;
}
