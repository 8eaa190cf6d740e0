import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { deliversOwn, janitorsOwn, leaveOut, unusedOfTheSdk } from "./left-out.ts";
import { build, type BuildOptions, type Metafile, type Plugin } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { readonly version: string };

/**
 * The SDK's clients describe every operation of a service in one module of constants, which esbuild takes for code with effects since some of their keys are
 * computed. Said to be pure, those of the many operations that nobody here sends are left out.
 */
const pureSchemas: Plugin = {
  name: "pure-schemas",
  setup(build) {
    build.onLoad({ filter: /@aws-sdk\/client-[^/]+\/dist-es\/schemas\/schemas_0\.js$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const contents = text.replaceAll(/^(export )?(var|const) (\w+\$?) = (\[[^;]*\]);$/gm, "$1$2 $3 = /* @__PURE__ */ (() => $4)();");
      return { contents, loader: "js" };
    });
  },
};

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

/** The functions that give storage back, and that deliver records: all others have neither. */
const janitor = "functions/janitor.ts";
const deliver = "functions/deliver.ts";

/** @param entry a file of this repository @param outfile of this repository or absolute @returns what went in, and how big it is in bytes */
export async function bundle(entry: string, outfile: string): Promise<{ readonly bytes: number; readonly metafile: Metafile }> {
  const leftOut = [...unusedOfTheSdk, ...(entry === janitor ? [] : janitorsOwn), ...(entry === deliver ? [] : deliversOwn)];
  const { metafile } = await build({
    ...options,
    plugins: [pureSchemas, leaveOut(leftOut)],
    entryPoints: [entry],
    outfile,
    metafile: true,
  });
  const [output] = Object.entries(metafile.outputs).flatMap(([path, { bytes }]) => (path.endsWith(".mjs") ? [bytes] : []));
  return { bytes: output ?? Number.POSITIVE_INFINITY, metafile };
}
