/**
 * `npm run build:functions [-- --out FOLDER]`: each Lambda function as one minified module with the SDK in it, dist/functions/<name>/index.mjs, and a check of
 * its size: what a cold start reads, parses and pays for.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Metafile } from "esbuild";
import { bundle } from "./functions/bundle.ts";

const kb = 1_000;

/** Functions by name, with the most that their bundle may be, in bytes. */
const budgets = { api: 650 * kb, janitor: 600 * kb, resources: 600 * kb, router: 650 * kb, deliver: 750 * kb };

/** What the biggest packages add to a bundle, in KB. */
function parts({ outputs }: Metafile): string {
  const bytes = new Map<string, number>();
  for (const output of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
      const name = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path.split("/")[0] ?? path;
      bytes.set(name, (bytes.get(name) ?? 0) + bytesInOutput);
    }
  }
  const biggest = [...bytes].sort(([, a], [, b]) => b - a).slice(0, 6);
  return biggest.map(([name, count]) => `${name} ${Math.round(count / kb)}`).join(", ");
}

const { values } = parseArgs({ options: { out: { type: "string", default: "dist/functions" } } });
for (const [name, bytesMax] of Object.entries(budgets)) {
  const { bytes, metafile } = await bundle(`functions/${name}.ts`, join(values.out, name, "index.mjs"));
  const fits = bytes <= bytesMax;
  console.log(`${fits ? "ok     " : "TOO BIG"} ${name}: ${Math.round(bytes / kb)} of at most ${bytesMax / kb} KB (${parts(metafile)})`);
  if (!fits) process.exitCode = 1;
}
