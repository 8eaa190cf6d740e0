import type { ShardKey } from "../ports/journal.ts";

type Listener = (shard: number) => void;

/** Tells waiting readers of this process that a shard has grown. A hint: who is told looks again. */
export class ChangeHub {
  readonly #listeners = new Map<string, Set<Listener>>();

  /** Calls the listener at each change of the topic until the returned function is called. */
  listen(topicId: string, listener: Listener): () => void {
    const known = this.#listeners.get(topicId);
    const set = known ?? new Set<Listener>();
    if (known === undefined) this.#listeners.set(topicId, set);
    set.add(listener);
    return () => {
      set.delete(listener);
      if (set.size === 0 && this.#listeners.get(topicId) === set) this.#listeners.delete(topicId);
    };
  }

  notify({ topicId, shard }: ShardKey): void {
    const set = this.#listeners.get(topicId);
    if (set === undefined) return;
    for (const listener of [...set]) listener(shard);
  }
}
