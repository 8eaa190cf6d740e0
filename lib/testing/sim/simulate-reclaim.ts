import { LogError } from "../../core/errors.ts";
import type { Engine } from "../../ports/engine.ts";
import { Life } from "./life.ts";
import { Network } from "./network.ts";
import { Prng } from "./prng.ts";
import { checkItem, checkShard, KnownShard, writeItem } from "./reclaim-known.ts";
import type { KnownItem } from "./reclaim-known.ts";
import { Scheduler } from "./scheduler.ts";
import type { StoreMaker } from "./simulate.ts";

export interface ReclaimResult {
  /** What is wrong. Empty when nothing is. */
  readonly findings: readonly string[];
  readonly trace: readonly string[];
  /** Appends that were acknowledged, and things that were given back. */
  readonly appended: number;
  readonly freed: number;
}

const tasksMax = 300_000;

/**
 * Appends, trims, closes and reclaims through lives of a store that end at any moment: whatever is given back, all that was acknowledged and not trimmed
 * stays readable, and heads, producers and catalog items stay as they were told.
 */
export async function simulateReclaim(seed: number, makeStore: StoreMaker): Promise<ReclaimResult> {
  const prng = new Prng(seed);
  const scheduler = new Scheduler();
  const lines: string[] = [];
  const trace = (line: string): void => void lines.push(`${scheduler.nowMs.toFixed(3)} ${line}`);
  const store = makeStore({ scheduler, network: new Network(scheduler, prng.fork(), trace), prng: prng.fork(), trace });
  const run: Run = {
    prng,
    findings: [],
    shards: [0, 1, 2].map((shard) => new KnownShard({ topicId: "t", shard })),
    item: newItem(),
    freed: 0,
  };
  const lives = prng.between(3, 8);
  for (let i = 0; i < lives; i++) {
    const isLast = i === lives - 1;
    store.setFaulty(!isLast);
    const life = new Life(`p${i}`, scheduler);
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    live(store.open(life), run, isLast).then(over, (reason: unknown) => {
      // A disk that fails may keep a store from opening; once it is well again, nothing may. Damage never is a disk's own fault here.
      if (isLast || (reason instanceof LogError && reason.code === "corrupt_log")) run.findings.push(`life ${i} failed: ${String(reason)}`);
      over();
    });
    if (!isLast) life.after(prng.fraction() * prng.pick([20, 200, 1_000]), over);
    await scheduler.runUntil(() => isOver, tasksMax);
    trace(`${life.name} ends`);
    life.end();
  }
  const appended = run.shards.reduce((sum, shard) => sum + shard.acknowledged, 0);
  return { findings: run.findings, trace: lines, appended, freed: run.freed };
}

interface Run {
  readonly prng: Prng;
  readonly findings: string[];
  readonly shards: readonly KnownShard[];
  readonly item: KnownItem;
  freed: number;
}

async function live(opening: Promise<Engine>, run: Run, isLast: boolean): Promise<void> {
  const engine = await opening;
  const note = (finding: string): void => void run.findings.push(finding);
  for (const shard of run.shards) await checkShard(engine.journal, shard, note);
  await checkItem(engine.catalog, run.item, note);
  if (!isLast) await Promise.all([...run.shards.map((shard) => work(engine, run, shard, note)), reclaim(engine, run)]);
  for (const shard of run.shards) await checkShard(engine.journal, shard, note);
  await engine.close();
}

/** One shard's writer: appends by a producer, and trims; at times it closes the shard and goes on in another. */
async function work({ journal, catalog }: Engine, run: Run, shard: KnownShard, note: (finding: string) => void): Promise<void> {
  const { prng, item } = run;
  for (let n = 0; n < 40; n++) {
    const draw = prng.fraction();
    if (draw < 0.75) await shard.append(journal, prng, note);
    else if (draw < 0.9) await shard.trim(journal, prng, note);
    else if (draw < 0.98) await writeItem(catalog, item, note);
    else await shard.close(journal, note);
  }
}

async function reclaim({ upkeep }: Engine, run: Run): Promise<void> {
  for (let n = 0; n < 30; n++) {
    const shard = run.shards[run.prng.between(0, run.shards.length - 1)];
    if (shard === undefined) return;
    try {
      const { things } = await upkeep.reclaim(shard.key, { graceMs: 0, isDryRun: run.prng.chance(0.1) });
      run.freed += things;
    } catch (reason) {
      const { code } = LogError.from(reason);
      if (code === "internal" || code === "corrupt_log") run.findings.push(`reclaiming failed: ${String(reason)}`);
    }
  }
}

function newItem(): KnownItem {
  return { least: 0, attempted: 0 };
}
