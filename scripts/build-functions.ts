/**
 * `npm run build:functions`: each Lambda function as one minified module with the SDK in it, dist/functions/<name>/index.mjs, and a check of
 * its size: what a cold start reads, parses and pays for.
 */
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, type Metafile } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const kib = 1024;

/** Functions by name, with the most that their bundle may be, in bytes. */
const budgets = { api: 600 * kib, janitor: 600 * kib, resources: 600 * kib };

/** What a package adds to a bundle, biggest first. */
function parts({ outputs }: Metafile): string {
  const bytes = new Map<string, number>();
  for (const output of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
      const name = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path.split("/")[0] ?? path;
      bytes.set(name, (bytes.get(name) ?? 0) + bytesInOutput);
    }
  }
  const biggest = [...bytes].sort(([, a], [, b]) => b - a).slice(0, 6);
  return biggest.map(([name, count]) => `${name} ${Math.round(count / kib)}`).join(", ");
}

async function bundle(name: string, bytesMax: number): Promise<boolean> {
  const outfile = `dist/functions/${name}/index.mjs`;
  rmSync(new URL(`../dist/functions/${name}`, import.meta.url), { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`functions/${name}.ts`],
    outfile,
    bundle: true,
    minify: true,
    platform: "node",
    target: "node24",
    format: "esm",
    // ES modules first: what nobody uses of them is left out.
    mainFields: ["module", "main"],
    alias: { "@aws-sdk/credential-provider-node": "./lib/lambda/env-credentials.ts" },
    // Some dependencies are CommonJS and require what Node has.
    banner: { js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);' },
    legalComments: "external",
    metafile: true,
  });
  const bytes = metafile.outputs[outfile]?.bytes ?? Number.POSITIVE_INFINITY;
  const fits = bytes <= bytesMax;
  console.log(`${fits ? "ok     " : "TOO BIG"} ${name}: ${Math.round(bytes / kib)} of at most ${bytesMax / kib} KiB (${parts(metafile)})`);
  return fits;
}

const fit = await Promise.all(Object.entries(budgets).map(([name, bytesMax]) => bundle(name, bytesMax)));
if (fit.includes(false)) process.exitCode = 1;
