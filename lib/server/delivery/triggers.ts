import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Consumer } from "../../log/consumers/consumers.ts";
import { checkedConsumer, type ConsumerSettings, failureTopic, writtenTopics, type NewConsumer } from "../../log/consumers/settings.ts";
import type { Log } from "../../log/log.ts";
import { topicGone } from "../../log/topic-gone.ts";
import { nodeClock } from "../../node/clock.ts";
import type { Bell } from "./bell.ts";
import { deliverInBackground } from "./deliver-in-background.ts";
import { FailureLines } from "./failure-lines.ts";
import { Handler } from "./handler.ts";
import type { FunctionState } from "./knowing-log.ts";
import { localCarrier } from "./local-carrier.ts";

/** A function of this machine that is called with a topic's records. */
export interface TriggeredFunction {
  /** A file of JavaScript or TypeScript (erasable syntax), and after a `#` the export to call. Default `handler`. */
  readonly source: string;
  /** Its consumer, put when the server starts; one that was paused stays paused where `enabled` is not given. Topics that are not there are made. */
  readonly consumer: Omit<NewConsumer, "target">;
}

export interface TriggerOptions {
  readonly functions: readonly TriggeredFunction[];
  /** Gets what functions print and what happens to them, a line each. */
  readonly print: (line: string) => void;
}

interface BeginOptions {
  /** Of the server, as events say it. */
  readonly bootstrapServers: () => string;
  readonly reportFault: (error: LogError) => void;
}

interface TriggersParts {
  readonly log: Log;
  readonly bell: Bell;
  readonly options: TriggerOptions;
  /** In the functions' order. */
  readonly consumers: readonly ConsumerSettings[];
  readonly lines: FailureLines;
  /** Groups whose function was loaded since what waits for it was last tried. */
  readonly mended: Set<string>;
  /** By target. */
  readonly handlers: ReadonlyMap<string, Handler>;
}

/** Functions of this machine, from when they are loaded to when the last call has ended. */
export class Triggers {
  readonly #parts: TriggersParts;
  readonly #closing = new AbortController();
  #ended: Promise<void> = Promise.resolve();

  private constructor(parts: TriggersParts) {
    this.#parts = parts;
  }

  /**
   * Loads the functions; the log is as it was.
   * @param bell rung where something may be to be delivered
   * @throws LogError: nothing runs then
   */
  static async load(log: Log, bell: Bell, options: TriggerOptions): Promise<Triggers> {
    const { functions, print } = options;
    const consumers = functions.map(({ consumer }) => checkedConsumer({ ...consumer, target: `local:${consumer.group}` }));
    for (const { onFailure } of consumers) checkDestination(onFailure);
    const handlers = new Map<string, Handler>();
    const mended = new Set(consumers.map(({ group }) => group));
    try {
      for (const [nth, { source }] of functions.entries()) {
        const { group, target } = consumers[nth] as (typeof consumers)[number];
        if (handlers.has(target)) throw new LogError("invalid_config", `Two functions have the group ${group}: give each one of its own.`);
        const onReload = (): void => {
          mended.add(group);
          bell.ring();
        };
        handlers.set(target, await Handler.open({ name: group, source, print: (line) => print(`[${group}] ${line}`), onReload }));
      }
    } catch (reason) {
      await closeAll(handlers);
      throw reason;
    }
    return new Triggers({ log, bell, options, consumers, lines: new FailureLines(print), mended, handlers });
  }

  /** How it is with a consumer's function. */
  functionOf(target: string): FunctionState {
    const handler = this.#parts.handlers.get(target);
    if (handler === undefined) return "none";
    return handler.isBroken ? "broken" : "loaded";
  }

  /** Makes the topics that are missing, puts the consumers, and delivers from then on. @throws LogError: it is to be closed then */
  async begin({ bootstrapServers, reportFault }: BeginOptions): Promise<void> {
    const { log, bell, mended, lines, handlers, consumers, options } = this.#parts;
    for (const [nth, consumer] of consumers.entries()) await this.#put(consumer, options.functions[nth]?.consumer.enabled);
    this.#ended = deliverInBackground(log, localCarrier(handlers, bootstrapServers, lines), {
      ...{ bell, mended, reportFault, signal: this.#closing.signal },
      isOurs: ({ target }) => handlers.has(target),
      onReport: (consumer, partition, report) => lines.report(consumer, partition, report),
      onChange: (group, change) => lines.change(group, change),
    });
  }

  async #put(consumer: ConsumerSettings, wanted: boolean | undefined): Promise<void> {
    const { log, lines, handlers, options } = this.#parts;
    const { print } = options;
    const { group, topic, target } = consumer;
    await makeTopics(log, consumer, print);
    const from = await startOf(log, consumer);
    const { enabled } = await putConsumer(log, consumer, wanted);
    const isCalled = `Calls ${handlers.get(target)?.shown ?? target} with the records of ${topic} (group ${group}, ${from}).`;
    print(enabled ? isCalled : `${group} is paused: stratalog consumers resume ${group}`);
    lines.remember(await log.consumers.status(group));
  }

  /** Begins no more calls; those that run may end within `limits.closeGraceMs`. */
  async close(): Promise<void> {
    this.#closing.abort();
    const over = new AbortController();
    const ended = this.#ended.finally(() => over.abort());
    await nodeClock.sleep(limits.closeGraceMs, over.signal);
    await closeAll(this.#parts.handlers);
    await ended;
  }
}

async function makeTopics(log: Log, settings: ConsumerSettings, print: (line: string) => void): Promise<void> {
  for (const name of [settings.topic, ...writtenTopics(settings)]) await makeTopic(log, name, print);
}

/** Where a consumer that is about to be put begins, in words. */
async function startOf(log: Log, { group, topic, startingPosition, startingPositionTimestampMs = 0 }: ConsumerSettings): Promise<string> {
  const committed = (await log.groups.committed(group).catch(notThere)) ?? [];
  if (committed.some((each) => each.topic === topic)) return "from where it was";
  switch (startingPosition) {
    case "LATEST":
      return "from what comes now";
    case "TRIM_HORIZON":
      return "from the first record";
    case "AT_TIMESTAMP":
      return `from ${new Date(startingPositionTimestampMs).toISOString()} on`;
  }
}

/** @param enabled what the function's declaration says of it; undefined: one that was paused stays so */
async function putConsumer(log: Log, consumer: ConsumerSettings, enabled: boolean | undefined): Promise<Consumer> {
  const before = await log.consumers.get(consumer.group).catch(notThere);
  return await log.consumers.put({ ...consumer, enabled: enabled ?? before?.enabled ?? true });
}

function notThere(reason: unknown): undefined {
  if (LogError.from(reason).code !== "group_id_not_found") throw reason;
  return undefined;
}

async function makeTopic(log: Log, name: string, print: (line: string) => void): Promise<void> {
  if ((await log.topics.get(name).catch(topicGone)) !== undefined) return;
  const { partitions } = await log.topics.create({ name });
  print(`Created topic ${name} with ${partitions} ${partitions === 1 ? "partition" : "partitions"}: it was not there.`);
}

function checkDestination(onFailure: string | undefined): void {
  if (onFailure === undefined || failureTopic(onFailure) !== undefined) return;
  throw new LogError("invalid_config", `A server on one machine puts what was given up into a topic, kafka://NAME, not to ${onFailure}.`);
}

async function closeAll(handlers: ReadonlyMap<string, Handler>): Promise<void> {
  await Promise.all([...handlers.values()].map((handler) => handler.close()));
}
