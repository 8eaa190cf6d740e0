interface Task {
  readonly atMs: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** Takes a task back; one that has run already is no error. */
export type Cancel = () => void;

/**
 * Virtual time. Tasks run one after the other in the order of their times; between two of them everything that the first one
 * set going (promise reactions, however deep) comes to rest, so that a run depends on nothing but its tasks.
 */
export class Scheduler {
  nowMs = 0;
  /** How many tasks have run. */
  count = 0;
  #order = 0;
  readonly #heap: Task[] = [];

  schedule(delayMs: number, run: () => void): Cancel {
    const task: Task = { atMs: this.nowMs + Math.max(0, delayMs), order: this.#order++, run };
    this.#push(task);
    return () => {
      task.run = undefined;
    };
  }

  sleep(durationMs: number): Promise<void> {
    return new Promise((resolve) => this.schedule(durationMs, resolve));
  }

  /**
   * Runs tasks until the goal is reached.
   * @throws when there is nothing left to run or after `countMax` tasks: then somebody waits for what never comes
   */
  async runUntil(isReached: () => boolean, countMax: number): Promise<void> {
    await settled();
    for (const end = this.count + countMax; !isReached(); ) {
      const task = this.#pop();
      if (task === undefined) throw new Error(`nothing is left to run at ${this.nowMs} ms, and the goal is not reached`);
      if (task.run === undefined) continue;
      if (this.count >= end) throw new Error(`the goal is not reached after ${countMax} tasks, at ${this.nowMs} ms`);
      this.nowMs = task.atMs;
      this.count++;
      task.run();
      await settled();
    }
  }

  #push(task: Task): void {
    const heap = this.#heap;
    let at = heap.push(task) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || isBefore(parent, task)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = task;
  }

  #pop(): Task | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      const [l, r] = [heap[left], heap[right]];
      if (l === undefined) break;
      const [child, place] = r !== undefined && isBefore(r, l) ? [r, right] : [l, left];
      if (isBefore(last, child)) break;
      heap[at] = child;
      at = place;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** After all promise reactions that are due: they run before the machine's next turn. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
