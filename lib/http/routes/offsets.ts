import { LogError } from "../../core/errors.ts";
import { ref } from "../openapi/schemas.ts";
import { shown } from "../query.ts";
import { json } from "../responses.ts";
import type { Operation, Route } from "../route.ts";
import { parseTimeMs } from "../times.ts";
import { mediaTypes, type OffsetsAnswer } from "../wire.ts";

const find: Operation = {
  id: "findOffsets",
  summary: "Each partition's first offset at or after a time",
  access: { resource: "TOPIC", operation: "DESCRIBE" },
  query: {
    timestamp: {
      description: "Epoch milliseconds, ISO 8601 with a zone, `earliest` (default) or `latest`.",
      schema: { type: "string", default: "earliest" },
    },
  },
  answers: {
    200: { description: "By partition; null where no record is that late.", content: { [mediaTypes.json]: ref("OffsetsAnswer") } },
  },
  errors: [],
  async handle({ services: { log }, query, topic }) {
    const text = query.get("timestamp") ?? "earliest";
    if (text === "earliest" || text === "latest") {
      const watermarks = await log.watermarks(topic);
      const offsets = watermarks.map((at) => ({
        partition: at.partition,
        offset: text === "earliest" ? at.logStartOffset : at.highWatermark,
        timestamp: null,
      }));
      return json(200, { offsets } satisfies OffsetsAnswer);
    }
    const timestampMs = parseTimeMs(text);
    if (timestampMs === undefined) {
      throw new LogError(
        "invalid_request",
        `"${shown(text)}" is no time: use epoch milliseconds, ISO 8601 with a zone, earliest or latest.`,
      );
    }
    const found = await log.offsetsForTime(topic, timestampMs);
    const offsets = found.map((at) => ({ partition: at.partition, offset: at.offset ?? null, timestamp: at.timestampMs ?? null }));
    return json(200, { offsets } satisfies OffsetsAnswer);
  },
};

export const offsetsRoute: Route = { path: "/topics/{topic}/offsets", operations: { GET: find } };
