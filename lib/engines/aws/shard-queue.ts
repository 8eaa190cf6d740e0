import { limits } from "../../core/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Pending } from "./commit.ts";

/** How far down the queue a commit looks for appends to take along. */
const lookedAtMax = 256;

/** An append in the queue of its shard. */
interface Waiting {
  readonly append: Pending;
  /** Producers whose steps it holds: those of one producer go one after another. */
  readonly producers: readonly bigint[];
}

export interface QueueOptions {
  /** How long a first append waits for others to share its commit, 0 to 250 ms. */
  readonly lingerMs: number;
  /** Appends that one commit takes. */
  readonly entriesMax: number;
  readonly clock: Clock;
  readonly commit: (appends: readonly Pending[]) => Promise<void>;
}

/**
 * The appends of one shard in one process, gathered into commits: while some commits run, what comes in the meantime shares the next one.
 * No append waits for one that came after it, but for the commits of its own producer.
 */
export class ShardQueue {
  readonly #options: QueueOptions;
  readonly #busy = new Set<bigint>();
  #waiting: Waiting[] = [];
  #running = 0;
  #isLingering = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#running === 0 && this.#waiting.length === 0;
  }

  add(append: Pending): void {
    const steps = append.guards?.producers ?? [];
    this.#waiting.push({ append, producers: [...new Set(steps.map(({ producerId }) => producerId))] });
    const { lingerMs, clock } = this.#options;
    if (lingerMs === 0 || this.#isFull()) {
      this.#pump();
    } else if (!this.#isLingering) {
      this.#isLingering = true;
      void clock.sleep(lingerMs).then(() => {
        this.#isLingering = false;
        this.#pump();
      });
    }
  }

  #isFull(): boolean {
    const bytes = this.#waiting.reduce((sum, { append }) => sum + append.bytes, 0);
    return this.#waiting.length >= this.#options.entriesMax || bytes >= limits.awsGroupBytesMax;
  }

  #pump(): void {
    while (this.#running < limits.awsCommitsAtOnceMax) {
      const group = this.#take();
      if (group.length === 0) return;
      const producers = group.flatMap((each) => each.producers);
      for (const producer of producers) this.#busy.add(producer);
      this.#running++;
      void this.#options.commit(group.map(({ append }) => append)).then(() => {
        this.#running--;
        for (const producer of producers) this.#busy.delete(producer);
        this.#pump();
      });
    }
  }

  /** The next appends that can be committed together. */
  #take(): readonly Waiting[] {
    const group = new Group(this.#busy, this.#options.entriesMax);
    const left = this.#waiting.splice(0, lookedAtMax).filter((waiting) => !group.take(waiting));
    this.#waiting.unshift(...left);
    return group.members;
  }
}

/** Appends that go into one commit. */
class Group {
  readonly members: Waiting[] = [];
  readonly #entriesMax: number;
  readonly #passed: Set<bigint>;
  readonly #own = new Set<bigint>();
  #bytes = 0;
  #parts = 0;
  #steps = 0;
  #layout: number | undefined;
  #isClosed = false;

  /** @param busy producers that have to wait for others of their own */
  constructor(busy: ReadonlySet<bigint>, entriesMax: number) {
    this.#entriesMax = entriesMax;
    this.#passed = new Set(busy);
  }

  take(waiting: Waiting): boolean {
    const { append, producers } = waiting;
    const steps = append.guards?.producers?.length ?? 0;
    const isBlocked = producers.some((producer) => this.#passed.has(producer) || this.#own.has(producer));
    if (this.#isClosed || isBlocked || !this.#fits(append, steps)) {
      for (const producer of producers) this.#passed.add(producer);
      return false;
    }
    this.members.push(waiting);
    this.#bytes += append.bytes;
    this.#parts += append.entry.parts.length;
    this.#steps += steps;
    for (const producer of producers) this.#own.add(producer);
    this.#layout ??= append.guards?.layout;
    if (isAlone(append)) this.#isClosed = true;
    return true;
  }

  #fits({ bytes, entry, guards }: Pending, steps: number): boolean {
    if (this.members.length === 0) return true;
    const { awsGroupBytesMax, awsGroupPartsMax, awsEntryStatesMax } = limits;
    return (
      !isAlone({ guards }) &&
      (this.#layout === undefined || guards?.layout === undefined || guards.layout === this.#layout) &&
      this.members.length < this.#entriesMax &&
      this.#bytes + bytes <= awsGroupBytesMax &&
      this.#parts + entry.parts.length <= awsGroupPartsMax &&
      this.#steps + steps <= awsEntryStatesMax
    );
  }
}

/** Compare-and-append shares no commit: its refusal would be the others' retry. */
function isAlone({ guards }: Pick<Pending, "guards">): boolean {
  return (guards?.expected?.length ?? 0) > 0;
}
