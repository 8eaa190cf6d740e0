import type { Clock } from "../ports/clock.ts";
import type { Compression } from "../ports/compression.ts";
import type { Topic } from "./log.ts";

/** What a topic's configs say of the batches that are written to it now. */
export function batchSettings({ clock, compression }: { readonly clock: Clock; readonly compression: Compression }, { config }: Topic) {
  return {
    nowMs: clock.nowMs(),
    compression,
    timestampType: config["message.timestamp.type"] === "LogAppendTime" ? "LogAppendTime" : "CreateTime",
    messageBytesMax: Number(config["max.message.bytes"]),
  } as const;
}
