import type { HeadBytes } from "./head-bytes.ts";
import type { Spent } from "./measure.ts";

/** Where the units of each scenario went: shown with `--details`, on standard error. */
export class Details {
  readonly #isShown: boolean;

  constructor(isShown: boolean) {
    this.#isShown = isShown;
  }

  add(name: string, { entries, tallies }: Spent, heads?: HeadBytes): void {
    if (!this.#isShown) return;
    const lines = [`${name}: ${entries} entries`];
    for (const [kind, { requests, writeUnits, readUnits, bytes }] of [...tallies].filter(([, tally]) => tally.requests > 0)) {
      const each = (value: number): string => (value / entries).toFixed(3);
      const units = `${each(writeUnits)} WU, ${each(readUnits)} RU`;
      lines.push(`  ${kind}: ${each(requests)} requests, ${units} an entry; ${(bytes / requests).toFixed(0)} bytes a request`);
    }
    const means = heads?.means ?? [];
    const sum = means.reduce((all, { bytes }) => all + bytes, 0);
    if (sum > 0)
      lines.push(
        `  head after a commit: ${sum.toFixed(0)} bytes (${means.map(({ attribute, bytes }) => `${attribute} ${bytes}`).join(", ")})`,
      );
    process.stderr.write(`${lines.join("\n")}\n`);
  }
}
