import type {
  ConsumerBody,
  ConsumerListBody,
  ConsumerStatusBody,
  DeadLetterListBody,
  PutConsumerBody,
  RedriveAnswer,
  RedriveBody,
} from "../http/consumer-wire.ts";
import type { Transport } from "./transport.ts";
import { jsonBody } from "./transport.ts";

/** A page of triggered consumers, by group. */
export interface ListConsumers {
  /** Only groups that start with this. */
  readonly prefix?: string;
  /** 1 to 1,000, default 100. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** A page of dead letters, by topic, partition and offset. */
export interface ListDeadLetters {
  /** 1 to 1,000, default 100. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** Triggered consumers: functions that are called with new records, each for a group of its own. Every error is a `LogError`; nothing is retried. */
export class ConsumersClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** One page. `nextCursor` is there when more may follow. */
  async list(page: ListConsumers = {}): Promise<ConsumerListBody> {
    return (await this.#transport.json({ method: "GET", path: ["consumers"], query: { ...page } })) as ConsumerListBody;
  }

  /** Its settings. @throws group_id_not_found */
  async get(group: string): Promise<ConsumerBody> {
    return (await this.#transport.json({ method: "GET", path: ["consumers", group] })) as ConsumerBody;
  }

  /** How it is with each partition. @throws group_id_not_found */
  async status(group: string): Promise<ConsumerStatusBody> {
    return (await this.#transport.json({ method: "GET", path: ["consumers", group, "status"] })) as ConsumerStatusBody;
  }

  /** Makes it, or changes it: what is left out has its default. @throws invalid_config, unknown_topic_or_partition, non_empty_group */
  async put(group: string, settings: PutConsumerBody): Promise<ConsumerBody> {
    return (await this.#transport.json({ method: "PUT", path: ["consumers", group], body: jsonBody(settings) })) as ConsumerBody;
  }

  /** A call that runs ends with its batch. @throws group_id_not_found */
  async pause(group: string): Promise<ConsumerBody> {
    return await this.#setEnabled(group, false);
  }

  /** It goes on where it has come to. @throws group_id_not_found */
  async resume(group: string): Promise<ConsumerBody> {
    return await this.#setEnabled(group, true);
  }

  /** The function is called no more. Offsets and dead letters stay until the group is deleted, or expires. @throws group_id_not_found */
  async delete(group: string): Promise<void> {
    await this.#transport.json({ method: "DELETE", path: ["consumers", group] });
  }

  /** One page of what was given up. `nextCursor` is there when more may follow. @throws group_id_not_found */
  async deadLetters(group: string, page: ListDeadLetters = {}): Promise<DeadLetterListBody> {
    const answer = await this.#transport.json({ method: "GET", path: ["consumers", group, "dead-letters"], query: { ...page } });
    return answer as DeadLetterListBody;
  }

  /**
   * Has dead letters delivered once more, to this group alone: up to 1,000 by id, or all that there are.
   * @returns how many that were not to be before
   * @throws group_id_not_found; not_found for an id that is not there, when none is delivered
   */
  async redrive(group: string, ids?: readonly string[]): Promise<number> {
    const body = jsonBody((ids === undefined ? {} : { ids }) satisfies RedriveBody);
    return ((await this.#transport.json({ method: "POST", path: ["consumers", group, "redrive"], body })) as RedriveAnswer).redriving;
  }

  /** Forgets dead letters, one after the other. One that is not there is no error. @throws group_id_not_found */
  async forget(group: string, ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.#transport.json({ method: "DELETE", path: ["consumers", group, "dead-letters"], query: { id } });
  }

  async #setEnabled(group: string, enabled: boolean): Promise<ConsumerBody> {
    return (await this.#transport.json({ method: "PATCH", path: ["consumers", group], body: jsonBody({ enabled }) })) as ConsumerBody;
  }
}
