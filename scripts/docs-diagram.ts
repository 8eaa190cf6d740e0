/**
 * `npm run docs:diagram [-- --check]`: draws which part of lib imports which into docs/architecture.md, from the sources.
 * With --check it writes nothing and fails when the drawing is out of date.
 */
import { readFile, writeFile } from "node:fs/promises";
import { type ICruiseResult, cruise } from "dependency-cruiser";

const documentUrl = new URL("../docs/architecture.md", import.meta.url);
const startMark = "<!-- diagram: npm run docs:diagram -->";
const endMark = "<!-- end of diagram -->";

/** `lib/engines/local/journal.ts` -> `engines/local`, `lib/http/routes/topics.ts` -> `http`. */
function partOf(path: string): string | undefined {
  return /^lib\/(engines\/[^/]+|[^/]+)\//.exec(path)?.[1];
}

/** Edges between parts: true when code is imported, false when only types are. */
function edgesOf(result: ICruiseResult): Map<string, boolean> {
  const edges = new Map<string, boolean>();
  for (const { source, dependencies } of result.modules) {
    const from = partOf(source);
    for (const { resolved, dependencyTypes } of dependencies) {
      const to = partOf(resolved);
      if (from === undefined || to === undefined || from === to) continue;
      const edge = `${from} ${to}`;
      edges.set(edge, (edges.get(edge) ?? false) || !dependencyTypes.includes("type-only"));
    }
  }
  return edges;
}

function draw(edges: ReadonlyMap<string, boolean>): string {
  const lines = [...edges.keys()].sort().map((edge) => {
    const [from = "", to = ""] = edge.split(" ").map(node);
    return `  ${from} ${edges.get(edge) === true ? "-->" : "-.->"} ${to}`;
  });
  return ["```mermaid", "flowchart TD", ...lines, "```"].join("\n");
}

/** Mermaid's ids take no slash. */
function node(part: string): string {
  return part.includes("/") ? `${part.replace("/", "_")}["${part}"]` : part;
}

const { output } = await cruise(["lib"], {
  doNotFollow: { path: ["node_modules"] },
  includeOnly: { path: "^lib/" },
  tsPreCompilationDeps: true,
});
if (typeof output === "string") throw new Error(output);

const document = await readFile(documentUrl, "utf8");
const [before, rest] = document.split(startMark);
const after = rest?.split(endMark)[1];
if (before === undefined || after === undefined) throw new Error(`docs/architecture.md needs the lines ${startMark} and ${endMark}`);
const drawn = `${before}${startMark}\n${draw(edgesOf(output))}\n${endMark}${after}`;

if (drawn === document) {
  process.stdout.write("docs/architecture.md: the diagram is up to date\n");
} else if (process.argv.includes("--check")) {
  process.stderr.write("docs/architecture.md: the diagram is out of date. Run: npm run docs:diagram\n");
  process.exitCode = 1;
} else {
  await writeFile(documentUrl, drawn);
  process.stdout.write("docs/architecture.md: diagram drawn\n");
}
