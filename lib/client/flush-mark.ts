/** Counts the records of one stretch of sends, and resolves when it is closed and all have their answers. */
export class FlushMark {
  readonly done: Promise<void>;
  #open = 0;
  #closed = false;
  #resolve: () => void = () => undefined;

  constructor() {
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  add(): void {
    this.#open += 1;
  }

  settle(): void {
    this.#open -= 1;
    this.#check();
  }

  /** No more records are added. */
  close(): void {
    this.#closed = true;
    this.#check();
  }

  #check(): void {
    if (this.#closed && this.#open === 0) this.#resolve();
  }
}
