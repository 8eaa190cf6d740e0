/**
 * `npm run bench:cold [-- --json] [--rounds 11]`: how long a new process takes to load each Lambda function, by turns with a bundle of the two AWS clients
 * alone, which is the least that any function over S3 and DynamoDB loads. Medians; process start not counted, as Lambda does it before.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { bundle } from "../scripts/functions/bundle.ts";
import { atMost, benchOptions, figure, type Metric, median, progress, report } from "./support/metrics.ts";

const options = benchOptions({ rounds: 11 });
const entries = {
  clients: "bench/support/aws-clients.ts",
  api: "functions/api.ts",
  janitor: "functions/janitor.ts",
  resources: "functions/resources.ts",
} as const;
type Name = keyof typeof entries;

/** Milliseconds from before the module is read to after it has run. */
async function load(path: string): Promise<number> {
  const code = `const t = performance.now(); await import(${JSON.stringify(path)}); console.log(performance.now() - t); process.exit();`;
  const env = {
    PATH: process.env["PATH"],
    AWS_REGION: "us-east-1",
    STRATALOG_TABLE: "t",
    STRATALOG_BUCKET: "b",
    STRATALOG_LOG_NAME: "log",
  };
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", code], { env });
  return Number(stdout.trim().split("\n").at(-1));
}

const folder = await mkdtemp(join(tmpdir(), "stratalog-cold-"));
try {
  const names = Object.keys(entries) as Name[];
  const bytes = new Map<Name, number>();
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (const name of names) bytes.set(name, (await bundle(entries[name], join(folder, `${name}.mjs`))).bytes);
  progress(`loading each of ${names.join(", ")} ${options.rounds} times …`);
  for (let round = 0; round < options.rounds; round++) {
    for (const name of names) times.get(name)?.push(await load(join(folder, `${name}.mjs`)));
  }
  const least = median(times.get("clients") ?? []);
  const metrics = names.flatMap((name): Metric[] => {
    const loadMs = median(times.get(name) ?? []);
    return [
      figure(`${name}: bundle`, (bytes.get(name) ?? 0) / 1024, "KiB"),
      figure(`${name}: load`, loadMs, "ms"),
      ...(name === "clients" ? [] : [atMost(`${name}: load / the AWS clients alone`, loadMs / least, "", 1.5)]),
    ];
  });
  report(metrics, options.json);
} finally {
  await rm(folder, { recursive: true, force: true });
}
