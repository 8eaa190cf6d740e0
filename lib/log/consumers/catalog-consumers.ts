import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { transactIf } from "../transact-if.ts";
import { checkGroupId } from "../groups/check-group.ts";
import { nonEmpty } from "../groups/group-errors.ts";
import { askRedrive } from "./ask-redrive.ts";
import { consumerKey, consumersPk, consumerWrite, readConsumer } from "./consumer-row.ts";
import type {
  Carrier,
  Consumer,
  Consumers,
  ConsumerState,
  ConsumerStatus,
  DeadLetter,
  Delivery,
  DeliveryLimits,
  DeliveryReport,
  ShardHint,
} from "./consumers.ts";
import { deliverPartition } from "./deliver.ts";
import { forgetWaits } from "./forget-waits.ts";
import { letterKey, type LetterRow, lettersPk, readLetter } from "./letter-row.ts";
import { pendingDeliveries } from "./pending.ts";
import type { DeliveryServices } from "./services.ts";
import { checkedConsumer, type NewConsumer, writtenTopics } from "./settings.ts";
import { type Start, startingOffsets, takeBack, writeStarting } from "./starting-offsets.ts";
import { consumerState, consumerStatus } from "./status.ts";

/** Triggered consumers in rows of the catalog. */
export class CatalogConsumers implements Consumers {
  readonly #services: DeliveryServices;

  constructor(services: DeliveryServices) {
    this.#services = services;
  }

  async put(given: NewConsumer): Promise<Consumer> {
    const settings = checkedConsumer(given);
    const { catalog, clock, log } = this.#services;
    const topic = await log.topics.get(settings.topic);
    for (const name of writtenTopics(settings)) await log.topics.get(name);
    for (let attempt = 1; ; attempt++) {
      const item = await catalog.get(consumerKey(settings.group));
      const before = item && readConsumer(item);
      await this.#checkNobodyJoined(settings.group);
      const starts = before?.topic === settings.topic ? [] : await startingOffsets(this.#services, settings, topic);
      const createdMs = before?.createdMs ?? clock.nowMs();
      try {
        await writeStarting(this.#services, settings.group, starts, consumerWrite(settings, createdMs, before?.version ?? 0));
      } catch (reason) {
        if (LogError.from(reason).code !== "conflict" || attempt === limits.redecisionsMax) throw reason;
        continue;
      }
      if (before === undefined) await this.#withdrawWhereJoined(settings.group, starts);
      return { ...settings, createdMs, version: (before?.version ?? 0) + 1 };
    }
  }

  /** @throws non_empty_group */
  async #checkNobodyJoined(group: string): Promise<void> {
    const members = await this.#services.ensureGroup(group);
    if (members > 0) throw nonEmpty(group, members);
  }

  /** A member that joined while its group was made a consumer's was there first. @throws non_empty_group */
  async #withdrawWhereJoined(group: string, starts: readonly Start[]): Promise<void> {
    const members = await this.#services.ensureGroup(group);
    if (members === 0) return;
    if (await transactIf(this.#services.catalog, [{ key: consumerKey(group), delete: true, if: 1 }]))
      await takeBack(this.#services, starts);
    throw nonEmpty(group, members);
  }

  async remove(group: string): Promise<void> {
    await this.get(group);
    await this.#services.catalog.transact([{ key: consumerKey(group), delete: true, if: "any" }]);
  }

  async list(page: { readonly prefix?: string; readonly after?: string; readonly limit?: number }): Promise<readonly Consumer[]> {
    const { limit = limits.listLimitDefault, ...range } = page;
    return (await this.#services.catalog.query(consumersPk, { ...range, limit })).map(readConsumer);
  }

  async get(group: string): Promise<Consumer> {
    checkGroupId(group);
    const item = await this.#services.catalog.get(consumerKey(group));
    if (item === undefined) throw consumerNotFound(group);
    return readConsumer(item);
  }

  async setEnabled(group: string, enabled: boolean): Promise<Consumer> {
    for (let attempt = 1; ; attempt++) {
      const before = await this.get(group);
      if (before.enabled === enabled) return before;
      if (enabled) await forgetWaits(this.#services, before);
      const next = { ...before, enabled };
      try {
        await this.#services.catalog.transact([consumerWrite(next, before.createdMs, before.version)]);
        return { ...next, version: before.version + 1 };
      } catch (reason) {
        if (LogError.from(reason).code !== "conflict" || attempt === limits.redecisionsMax) throw reason;
      }
    }
  }

  async retryNow(group: string): Promise<void> {
    await forgetWaits(this.#services, await this.get(group));
  }

  async state(consumer: Consumer): Promise<ConsumerState> {
    return await consumerState(this.#services, consumer);
  }

  async status(group: string): Promise<ConsumerStatus> {
    return await consumerStatus(this.#services, await this.get(group));
  }

  async deadLetters(group: string, page: { readonly after?: string; readonly limit?: number }): Promise<readonly DeadLetter[]> {
    const { limit = limits.listLimitDefault, ...range } = page;
    await this.get(group);
    const items = await this.#services.catalog.query(lettersPk(group), { ...range, limit });
    return items.map((item) => shownLetter(readLetter(item)));
  }

  async redrive(group: string, ids?: readonly string[]): Promise<number> {
    return await askRedrive(this.#services, await this.get(group), ids);
  }

  async forget(group: string, ids: readonly string[]): Promise<void> {
    await this.get(group);
    const chunk = limits.transactWritesMax;
    const keys = [...new Set(ids)].map((id) => ({ key: letterKey(group, id), delete: true, if: "any" }) as const);
    for (let at = 0; at < keys.length; at += chunk) await this.#services.catalog.transact(keys.slice(at, at + chunk));
  }

  async pending(of?: readonly ShardHint[], onFailure?: (group: string, reason: unknown) => void): Promise<readonly Delivery[]> {
    return await pendingDeliveries(this.#services, of, onFailure);
  }

  async deliver(delivery: Delivery, carrier: Carrier, options: DeliveryLimits = {}): Promise<DeliveryReport> {
    return await deliverPartition(this.#services, { delivery, carrier, options, consumerOf: (group) => this.get(group) });
  }
}

function shownLetter({ version: _, topicId: __, ...letter }: LetterRow): DeadLetter {
  return letter;
}

function consumerNotFound(group: string): LogError {
  return new LogError("group_id_not_found", `There is no consumer ${group}: no function is triggered for this group.`);
}
