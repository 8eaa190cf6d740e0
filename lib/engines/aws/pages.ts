import { limits } from "../../core/limits.ts";
import type { ShardKey } from "../../ports/journal.ts";
import { decodePage, type Page } from "./items/page.ts";
import { pagesFrom, pagesPk, pagesTo, shardName } from "./keys.ts";
import { repeat, type Context } from "./context.ts";
import type { Query } from "./table.ts";

/** Pages of one shard that this process has seen, by their first entry, with those numbers in order. */
interface ShardPages {
  readonly pages: Map<number, Page>;
  readonly starts: number[];
}

/** No page has an entry that left the tail: it was trimmed, or it is lost. */
export class PageMissing extends Error {
  override readonly name = "PageMissing";

  constructor(seq: number) {
    super(`no page has entry ${seq}`);
  }
}

/** What a page is looked for by. */
export interface PageRule {
  /** Whether what is looked for is in this page or before it. */
  readonly reaches: (page: Page) => boolean;
  /** Whether this page tells by itself that none before it reaches it. */
  readonly isFirst: (page: Page) => boolean;
}

/** Reads pages and remembers them: they never change. */
export class Pages {
  readonly #context: Context;
  readonly #shards = new Map<string, ShardPages>();
  readonly #looking = new Map<string, Promise<Page | undefined>>();
  /** In the order in which they were remembered. */
  readonly #order: { readonly shard: string; readonly firstSeq: number }[] = [];

  constructor(context: Context) {
    this.#context = context;
  }

  /** The page that holds an entry; undefined when there is none: the entry is in the tail, was trimmed or is not there yet. */
  async covering(shard: ShardKey, seq: number): Promise<Page | undefined> {
    const known = this.#known(shard, seq);
    if (known !== undefined && seq < known.nextSeq) return known;
    // A page never changes, so an eventually consistent read, at half the price, can only miss it.
    return (await this.#lookOnce(shard, seq)) ?? (await this.#look(shard, seq, false));
  }

  /** Pages from the one that holds an entry on, each beginning no later than where the one before it ends: at most `count`, none that begins at `high` or later, fewer at a hole. */
  async from(shard: ShardKey, seq: number, { high, count }: { readonly high: number; readonly count: number }): Promise<readonly Page[]> {
    const found: Page[] = [];
    let next = seq;
    const take = (page: Page): void => {
      if (page.firstSeq > next || page.nextSeq <= next) return;
      found.push(page);
      next = page.nextSeq;
    };
    const first = await this.covering(shard, seq);
    if (first === undefined) return found;
    take(first);
    while (found.length < count && next < high) {
      const known = this.#known(shard, next);
      if (known !== undefined && known.firstSeq <= next && next < known.nextSeq) {
        take(known);
        continue;
      }
      const before = next;
      const limit = Math.min(count - found.length + 1, limits.awsPagesQueryMax);
      for (const page of await this.#query(shard, { pk: pagesPk(shard), from: pagesFrom(next), limit }))
        if (found.length < count) take(page);
      if (next > before) continue;
      // A page that was not used may end inside of the next one.
      const page = await this.covering(shard, next);
      if (page === undefined) break;
      take(page);
    }
    return found;
  }

  /**
   * The first page, among those that hold entries from `low` to below `high`, that reaches what is looked for; undefined when none does. All
   * pages after one that reaches it do too. By halving; what this process has seen narrows it first.
   * @throws PageMissing for an entry that no page has
   */
  async first(shard: ShardKey, low: number, high: number, rule: PageRule): Promise<Page | undefined> {
    const { before, reached } = this.#nearest(shard, low, high, rule);
    if (reached !== undefined && rule.isFirst(reached)) return reached;
    let found = reached;
    let start = before?.nextSeq ?? low;
    let end = reached?.firstSeq ?? high;
    // Whoever reads on wants what follows the last page that was read.
    for (let middle = before === undefined ? halfway(start, end) : start; start < end; middle = halfway(start, end)) {
      const page = await this.covering(shard, middle);
      if (page === undefined) throw new PageMissing(middle);
      if (rule.reaches(page)) {
        found = page;
        if (rule.isFirst(page)) return page;
        end = Math.min(page.firstSeq, middle);
      } else start = Math.max(page.nextSeq, middle + 1);
    }
    return found;
  }

  /** Who asks for the same page at the same time shares the answer: it can only have missed it. */
  async #lookOnce(shard: ShardKey, seq: number): Promise<Page | undefined> {
    const name = `${shardName(shard)}/${seq}`;
    const running = this.#looking.get(name);
    if (running !== undefined) return await running;
    const look = this.#look(shard, seq, true);
    this.#looking.set(name, look);
    try {
      return await look;
    } finally {
      this.#looking.delete(name);
    }
  }

  async #look(shard: ShardKey, seq: number, isEventual: boolean): Promise<Page | undefined> {
    // Several rollers may have written a page from the same entry on, of which not all need to go as far as this entry.
    const request = { pk: pagesPk(shard), to: pagesTo(seq), descending: true, isEventual };
    const [last] = await this.#query(shard, { ...request, limit: 1 });
    if (last === undefined || seq < last.nextSeq) return last;
    const same = await this.#query(shard, {
      ...request,
      from: pagesFrom(last.firstSeq),
      to: pagesTo(last.firstSeq),
      limit: limits.awsPagesQueryMax,
    });
    return same.find((page) => seq < page.nextSeq);
  }

  /** Remembers a page that this process wrote. */
  learn(shard: ShardKey, page: Page): void {
    const name = shardName(shard);
    const own = this.#shards.get(name) ?? { pages: new Map<number, Page>(), starts: [] };
    this.#shards.set(name, own);
    const known = own.pages.get(page.firstSeq);
    if (known !== undefined && known.nextSeq >= page.nextSeq) return;
    own.pages.set(page.firstSeq, page);
    if (known !== undefined) return;
    own.starts.splice(placeOf(own.starts, page.firstSeq), 0, page.firstSeq);
    this.#order.push({ shard: name, firstSeq: page.firstSeq });
    if (this.#order.length > this.#context.tuning.pagesCached) this.#forgetOldest();
  }

  forget(shard: ShardKey): void {
    this.#shards.delete(shardName(shard));
  }

  async #query(shard: ShardKey, request: Query): Promise<readonly Page[]> {
    const { items } = await repeat(this.#context, () => this.#context.table.query(request));
    const pages = items.map(decodePage);
    for (const page of pages) this.learn(shard, page);
    return pages;
  }

  /** The remembered page with the greatest first entry that is not above this one. */
  #known(shard: ShardKey, seq: number): Page | undefined {
    const own = this.#shards.get(shardName(shard));
    if (own === undefined) return undefined;
    const start = own.starts[placeOf(own.starts, seq + 1) - 1];
    return start === undefined ? undefined : own.pages.get(start);
  }

  /** Among the remembered pages: the last one that does not reach it, and the first one that does. */
  #nearest(shard: ShardKey, low: number, high: number, { reaches }: PageRule): { readonly before?: Page; readonly reached?: Page } {
    const own = this.#shards.get(shardName(shard));
    if (own === undefined) return {};
    const pageAt = (at: number): Page | undefined => own.pages.get(own.starts[at] ?? -1);
    const [least, most] = [placeOf(own.starts, low), placeOf(own.starts, high)];
    let [first, end] = [least, most];
    while (first < end) {
      const middle = (first + end) >>> 1;
      const page = pageAt(middle);
      if (page !== undefined && reaches(page)) end = middle;
      else first = middle + 1;
    }
    const before = first > least ? pageAt(first - 1) : undefined;
    const reached = first < most ? pageAt(first) : undefined;
    return { ...(before && { before }), ...(reached && { reached }) };
  }

  #forgetOldest(): void {
    const oldest = this.#order.shift();
    const own = oldest === undefined ? undefined : this.#shards.get(oldest.shard);
    if (oldest === undefined || own === undefined) return;
    if (own.pages.delete(oldest.firstSeq)) own.starts.splice(placeOf(own.starts, oldest.firstSeq), 1);
  }
}

function halfway(start: number, end: number): number {
  return Math.floor((start + end) / 2);
}

/** How many of the numbers are below this one. */
function placeOf(numbers: readonly number[], number: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}
