const growth = 1.01;
const logGrowth = Math.log(growth);
const smallest = 0.001;

/** Counts of values in buckets one per cent wide: percentiles of any number of values in little memory. */
export class Histogram {
  readonly #buckets = new Map<number, number>();
  #count = 0;
  #sum = 0;
  #max = 0;

  add(value: number): void {
    const bucket = Math.max(0, Math.round(Math.log(Math.max(value, smallest) / smallest) / logGrowth));
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    this.#count += 1;
    this.#sum += value;
    if (value > this.#max) this.#max = value;
  }

  get count(): number {
    return this.#count;
  }

  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  get max(): number {
    return this.#max;
  }

  /** The value that this part (0 to 1) of all values does not exceed, within one per cent. */
  percentile(part: number): number {
    let below = 0;
    for (const [bucket, inBucket] of [...this.#buckets].sort(([a], [b]) => a - b)) {
      below += inBucket;
      if (below >= part * this.#count) return Math.min(this.#max, smallest * growth ** bucket);
    }
    return 0;
  }
}
