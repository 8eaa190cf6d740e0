import type { Clock } from "../ports/clock.ts";
import type { Compression } from "../ports/compression.ts";
import type { Entry, EntryPart } from "../ports/journal.ts";
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

/** Parts as an entry of a topic; how it is kept is the engine's choice unless the topic has a config of its own for it. */
export function entryOf({ overrides }: Topic, parts: readonly EntryPart[]): Entry {
  const inlineBytesMax = overrides["inline.max.bytes"];
  return { parts, ...(inlineBytesMax !== undefined && { inlineBytesMax: Number(inlineBytesMax) }) };
}
