/**
 * `npm run model [-- NAME...] [--all] [--reach] [--list] [--json] [--limit SECONDS] [--workers N] [--heap 4g]`: checks the
 * protocol's TLA+ models (docs/spec) with TLC. A NAME is a configuration, a module, or how one begins: `Roll`,
 * `Shard/ce01`, `ok08`. As many run at once as there are cores for their workers. Without names: the quick ones, or with `--all` every one. `--reach` asks instead whether the good
 * end can be reached. Exit code 1 when a missing guard goes unnoticed, or when anything else does not complete clean.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { mapBounded } from "../lib/core/bounded.ts";
import { asReachability, configurationsOf } from "./model/module.ts";
import type { Configuration } from "./model/module.ts";
import { partition } from "./model/partition.ts";
import { lineOf, resultOf } from "./model/result.ts";
import type { Result } from "./model/result.ts";
import { roll } from "./model/roll.ts";
import { shard } from "./model/shard.ts";
import { strata } from "./model/strata.ts";
import { prepareTlc, runTlc } from "./model/tlc.ts";
import { transaction } from "./model/transaction.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    reach: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    limit: { type: "string", default: "600" },
    workers: { type: "string", default: "1" },
    heap: { type: "string", default: "4g" },
  },
});

// A signal ends the program by way of its exit handlers, which end TLC and remove its folder.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const options = { limitSeconds: positive("limit", values.limit), workers: positive("workers", values.workers), heap: values.heap };
const chosen = choose();
if (values.list) {
  for (const { module, name } of chosen) console.log(`${module}/${name}`);
} else {
  try {
    prepareTlc();
  } catch (reason) {
    stop(reason instanceof Error ? reason.message : String(reason));
  }
  const startMs = performance.now();
  const results = await runAll();
  const wrong = results.filter(({ asExpected }) => !asExpected);
  const seconds = (performance.now() - startMs) / 1_000;
  if (values.json) console.log(JSON.stringify({ results }));
  else console.log(`${results.length} configurations in ${Math.round(seconds)} s, ${wrong.length} not as expected`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}

function choose(): Configuration[] {
  const all = [partition, shard, roll, transaction, strata].flatMap(configurationsOf);
  const isWhole = values.all || positionals.length > 0;
  const named = positionals.length === 0 ? all : positionals.flatMap((name) => withName(name, all));
  const wanted = [...new Set(named)].filter(({ isQuick }) => (isWhole && !values.quick) || isQuick);
  return values.reach ? wanted.filter(({ mustViolate, live }) => !mustViolate && live === undefined).map(asReachability) : wanted;
}

function withName(start: string, all: readonly Configuration[]): Configuration[] {
  const found = all.filter(
    ({ module, name }) => name.startsWith(start) || `${module}/${name}`.toLowerCase().startsWith(start.toLowerCase()),
  );
  if (found.length === 0) stop(`No configuration begins with ${start}. npm run model -- --all --list names them.`);
  return found;
}

async function runAll(): Promise<Result[]> {
  // Most are over before TLC has warmed up: each on a core of its own is what saves time.
  const atOnce = Math.max(1, Math.floor(availableParallelism() / options.workers));
  return [
    ...(await mapBounded(chosen, atOnce, async (configuration) => {
      const result = resultOf(configuration, await runTlc(configuration, options));
      if (!values.json) console.log(lineOf(result));
      if (result.error !== null) console.error(result.error);
      return result;
    })),
  ];
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) stop(`Give --${name} as a positive integer, such as --${name} 60.`);
  return value;
}

function stop(message: string): never {
  console.error(message);
  process.exit(2);
}
