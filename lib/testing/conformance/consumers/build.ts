import { createLog } from "../../../log/create-log.ts";
import type { DeadLetter, Delivery, DeliveryLimits, DeliveryReport } from "../../../log/consumers/consumers.ts";
import type { NewConsumer } from "../../../log/consumers/settings.ts";
import type { Janitor } from "../../../log/janitor.ts";
import type { Log } from "../../../log/log.ts";
import type { Engine } from "../../../ports/engine.ts";
import { Prng } from "../../sim/prng.ts";
import { labelsOf, record } from "../log/build.ts";
import type { StrataCase, StrataHarness } from "../strata/build.ts";
import { TriggeredFunction } from "./function.ts";
import { ManualClock } from "./manual-clock.ts";
import { WatchedEngine } from "./watched-engine.ts";

const startMs = 1_700_000_000_000;
/** Looks without anything to run, before time goes on. */
const calmLooks = 3;
const looksMax = 20_000;
const deliveriesMax = 500;

interface WorldParts {
  readonly harness: StrataHarness;
  readonly engine: Engine;
  readonly janitor: Janitor;
  readonly clock: ManualClock;
}

/** A log with topics `t` and `out`, whose time the case sets and whose engine it can disturb. */
export class ConsumerWorld {
  readonly harness: StrataHarness;
  readonly clock: ManualClock;
  readonly janitor: Janitor;
  readonly isShared: boolean;
  readonly watched: WatchedEngine;
  readonly log: Log;
  readonly fn = new TriggeredFunction();
  readonly #engine: Engine;
  readonly #all: WatchedEngine[] = [];

  constructor({ harness, engine, janitor, clock }: WorldParts) {
    this.harness = harness;
    this.clock = clock;
    this.janitor = janitor;
    this.isShared = engine.isShared;
    this.#engine = engine;
    const { watched, log } = this.open();
    this.watched = watched;
    this.log = log;
  }

  /** A log over the same store, as another process would have it: only where the engine is shared. */
  open(): { readonly watched: WatchedEngine; readonly log: Log } {
    const watched = new WatchedEngine(this.#engine);
    this.#all.push(watched);
    const { compression } = this.harness;
    const log = createLog(watched.engine, { clock: this.clock, random: new Prng(this.#all.length), compression });
    return { watched, log };
  }

  /** Waits for a promise and lets time go by where nothing else goes on. @param passMs how much at most */
  async settled<T>(promise: Promise<T>, passMs = 3_600_000): Promise<T> {
    let isOver = false;
    const over = (): void => void (isOver = true);
    promise.then(over, over);
    await this.until(() => isOver, passMs);
    return await promise;
  }

  async until(isSo: () => boolean, passMs = 3_600_000): Promise<void> {
    const endMs = this.clock.nowMs() + passMs;
    for (;;) {
      await this.calm(isSo);
      if (isSo()) return;
      const nextMs = this.clock.nextMs;
      if (nextMs === undefined || nextMs > endMs) throw new Error(`what is waited for does not come within ${passMs} ms`);
      this.clock.pass(nextMs - this.clock.nowMs());
    }
  }

  /** Waits until nothing goes on that takes no time. */
  async calm(isSo: () => boolean = () => false): Promise<void> {
    let looks = 0;
    for (let calm = 0; calm < calmLooks && !isSo(); ) {
      if (++looks > looksMax) throw new Error("an operation of the engine does not end");
      await this.harness.clock.sleep(0);
      calm = this.#all.some(({ running }) => running > 0) ? 0 : calm + 1;
    }
  }

  /** As time passes for everyone: in steps, so that leases are renewed. */
  async pass(ms: number): Promise<void> {
    for (const endMs = this.clock.nowMs() + ms; this.clock.nowMs() < endMs; ) {
      const nextMs = Math.min(endMs, this.clock.nextMs ?? endMs);
      this.clock.pass(Math.max(1, nextMs - this.clock.nowMs()));
      await this.calm();
    }
  }

  /** @param labels in order, of partition 0 if not said */
  async append(labels: string, partition = 0, topic = "t"): Promise<void> {
    for (const label of labels.split(" ")) await this.log.append(topic, { records: [record(label, { partition })] });
  }

  async put(settings: Partial<NewConsumer> = {}): Promise<void> {
    await this.log.consumers.put({ group: "g", topic: "t", target: "local:f", startingPosition: "TRIM_HORIZON", ...settings });
  }

  /** Of a topic that is there while it runs, and is not any more after it. */
  async withPassing<T>(topic: string, run: () => Promise<T>): Promise<T> {
    await this.log.topics.create({ name: topic, partitions: 1 });
    const result = await run();
    await this.log.topics.delete(topic);
    return result;
  }

  deliver(delivery: Partial<Delivery> = {}, limits: DeliveryLimits = {}, log = this.log): Promise<DeliveryReport> {
    return log.consumers.deliver({ group: "g", topic: "t", partition: 0, ...delivery }, this.fn, limits);
  }

  async delivered(delivery: Partial<Delivery> = {}, limits: DeliveryLimits = {}): Promise<DeliveryReport> {
    return await this.settled(this.deliver(delivery, limits));
  }

  /** Delivers what is pending until nothing is, as a sweep after the other would. */
  async drain(limits: DeliveryLimits = {}): Promise<void> {
    for (let deliveries = 0, waitedMs = 0; ; ) {
      const found = await this.log.consumers.pending();
      for (const delivery of found) await this.delivered(delivery, limits);
      deliveries += found.length;
      if (deliveries > deliveriesMax) throw new Error("deliveries do not end");
      if (found.length > 0) waitedMs = 0;
      else if (waitedMs > 120_000) return;
      else {
        await this.pass(20_000);
        waitedMs += 20_000;
      }
    }
  }

  async offset(partition = 0, group = "g"): Promise<number | undefined> {
    const found = await this.log.groups.committed(group);
    return found.find((each) => each.topic === "t" && each.partition === partition)?.offset;
  }

  /** Each as `from-to condition attempts`. */
  async letters(group = "g"): Promise<readonly string[]> {
    const found = await this.log.consumers.deadLetters(group, {});
    return found.map(
      ({ partition, fromOffset, toOffset, condition, attempts }) => `${partition}/${fromOffset}-${toOffset} ${condition} ${attempts}`,
    );
  }

  async letter(): Promise<DeadLetter | undefined> {
    return (await this.log.consumers.deadLetters("g", {}))[0];
  }

  /** What is in a partition of a topic of outputs. */
  outputs(topic = "out", partition = 0): Promise<readonly string[]> {
    return labelsOf(this.log, this.harness, topic, partition);
  }
}

/** `t` has 3 partitions in one shard, `out` has 1. */
export function consumerCase(name: string, run: (world: ConsumerWorld) => Promise<void>): StrataCase {
  return {
    name: `consumers: ${name}`,
    async run(harness) {
      const clock = new ManualClock(startMs);
      const { engine, janitor } = await harness.openTuned({}, clock);
      const world = new ConsumerWorld({ harness, engine, janitor, clock });
      try {
        await world.log.topics.create({ name: "t", partitions: 3 });
        await world.log.topics.create({ name: "out", partitions: 1 });
        await run(world);
      } finally {
        await engine.close();
      }
    },
  };
}
