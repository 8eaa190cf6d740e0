import type { Item } from "../../lib/engines/aws/table.ts";
import { itemBytes } from "../../lib/testing/sim/aws/item-size.ts";

/** What the heads that commits left were made of: bytes by attribute, its name included. */
export class HeadBytes {
  #count = 0;
  readonly #sums = new Map<string, number>();

  add(head: Item): void {
    this.#count++;
    for (const [name, value] of Object.entries(head)) this.#sums.set(name, (this.#sums.get(name) ?? 0) + itemBytes({ [name]: value }));
  }

  reset(): void {
    this.#count = 0;
    this.#sums.clear();
  }

  /** Means, largest first. */
  get means(): readonly { readonly attribute: string; readonly bytes: number }[] {
    return [...this.#sums]
      .map(([attribute, sum]) => ({ attribute, bytes: Math.round((10 * sum) / this.#count) / 10 }))
      .sort((a, b) => b.bytes - a.bytes);
  }
}
