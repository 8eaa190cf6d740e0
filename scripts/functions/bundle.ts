import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, type BuildOptions, type Metafile } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { readonly version: string };

/** One module for Lambda's Node, with the SDK in it. */
const options = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  platform: "node",
  target: "node24",
  format: "esm",
  // ES modules first: what nobody uses of them is left out.
  mainFields: ["module", "main"],
  alias: { "@aws-sdk/credential-provider-node": "./lib/lambda/env-credentials.ts" },
  define: { "process.env.STRATALOG_VERSION": JSON.stringify(version) },
  // Some dependencies are CommonJS and require what Node has.
  banner: { js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);' },
  legalComments: "external",
} as const satisfies BuildOptions;

/** @param entry a file of this repository @param outfile of this repository or absolute @returns what went in, and how big it is in bytes */
export async function bundle(entry: string, outfile: string): Promise<{ readonly bytes: number; readonly metafile: Metafile }> {
  const { metafile } = await build({ ...options, entryPoints: [entry], outfile, metafile: true });
  const [output] = Object.entries(metafile.outputs).flatMap(([path, { bytes }]) => (path.endsWith(".mjs") ? [bytes] : []));
  return { bytes: output ?? Number.POSITIVE_INFINITY, metafile };
}
