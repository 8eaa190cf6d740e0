import type { AlterTopicBody, CreateTopicBody, DeleteRecordsBody, TopicBody, TopicDetailBody, TopicListBody } from "../http/wire.ts";
import type { Transport } from "./transport.ts";
import { jsonBody } from "./transport.ts";

/** A page of topics, by name. */
export interface ListTopics {
  /** Only names that start with this. */
  readonly prefix?: string;
  /** 1 to 1,000, default 100. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** Topics: made, listed, described, changed and deleted. Every error is a `LogError`; nothing is retried. */
export class TopicsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** @throws topic_already_exists, invalid_topic, invalid_partitions, invalid_config */
  async create(topic: CreateTopicBody): Promise<TopicBody> {
    return (await this.#transport.json({ method: "POST", path: ["topics"], body: jsonBody(topic) })) as TopicBody;
  }

  /** One page. `nextCursor` is there when more may follow. */
  async list(page: ListTopics = {}): Promise<TopicListBody> {
    return (await this.#transport.json({ method: "GET", path: ["topics"], query: { ...page } })) as TopicListBody;
  }

  /** With each partition's log start offset and high watermark. @throws unknown_topic_or_partition */
  async get(name: string, signal?: AbortSignal): Promise<TopicDetailBody> {
    const call = { method: "GET", path: ["topics", name] } as const;
    return (await this.#transport.json(signal === undefined ? call : { ...call, signal })) as TopicDetailBody;
  }

  /** More partitions, other configs; a config set to null has its default again. @throws invalid_partitions, invalid_config */
  async alter(name: string, change: AlterTopicBody): Promise<TopicBody> {
    return (await this.#transport.json({ method: "PATCH", path: ["topics", name], body: jsonBody(change) })) as TopicBody;
  }

  /**
   * Deletes a partition's records below an offset, for good (Kafka's DeleteRecords).
   * @param before the first offset that stays; "latest": none does
   * @throws offset_out_of_range when it is above the high watermark
   */
  async deleteRecords(name: string, partition: number, before: number | "latest"): Promise<DeleteRecordsBody> {
    const path = ["topics", name, "partitions", String(partition), "records"];
    return (await this.#transport.json({ method: "DELETE", path, query: { before } })) as DeleteRecordsBody;
  }

  /** With all its records, for good. @throws unknown_topic_or_partition */
  async delete(name: string): Promise<void> {
    await this.#transport.json({ method: "DELETE", path: ["topics", name] });
  }
}
