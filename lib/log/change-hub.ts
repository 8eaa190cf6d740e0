/** Called with the shard that has grown, or undefined when the topic itself has changed. */
type Listener = (shard: number | undefined) => void;

/** Tells waiting readers of this process that a shard has grown, or that a topic was deleted or has more partitions. A hint: who is told looks again. */
export class ChangeHub {
  readonly #listeners = new Map<string, Set<Listener>>();

  #changes = 0;

  /** How often anything has changed: to find out whether something did while one could not listen yet. */
  get changes(): number {
    return this.#changes;
  }

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

  notify({ topicId, shard }: { readonly topicId: string; readonly shard?: number }): void {
    this.#changes++;
    const set = this.#listeners.get(topicId);
    if (set === undefined) return;
    for (const listener of [...set]) listener(shard);
  }
}
