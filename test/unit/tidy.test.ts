/** Style that no compiler checks, as tests. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const notOurs = new Set(["node_modules", "dist", ".git", "stratalog-data", ".tools", "cdk.out"]);
const linesMax = 400;

function filesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (notOurs.has(entry.name)) return [];
    return entry.isDirectory() ? filesUnder(path) : [path];
  });
}

const files = filesUnder(".");
const sources = files.filter((path) => path.endsWith(".ts"));
const documents = files.filter((path) => path.endsWith(".md"));
const written = files.filter((path) => /\.(ts|js|mjs|md|json|sh)$/.test(path) && path !== "package-lock.json");
const text = (path: string) => readFileSync(join(root, path), "utf8");

interface PackageJson {
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly files: readonly string[];
  readonly scripts: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(text("package.json")) as PackageJson;

test("no source file is longer than 400 lines", () => {
  const long = sources.map((path) => ({ path, lines: text(path).split("\n").length - 1 })).filter(({ lines }) => lines > linesMax);
  assert.deepEqual(long, []);
});

test("file and folder names are in kebab-case", () => {
  const kebab = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;
  const known = new Set(["README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE"]);
  // Java, Python and TLA+ have their own rule.
  const ours = files.filter((path) => !/\.(java|py|tla)$/.test(path));
  const odd = ours.filter((path) => path.split("/").some((name) => !kebab.test(name) && !known.has(name)));
  assert.deepEqual(odd, []);
});

test("nothing is left for later, and nothing names the machine it was written on", () => {
  // In pieces, so that this file does not hold them.
  const banned = [
    ["TO", "DO"],
    ["FIX", "ME"],
    ["XX", "X"],
    ["/wo", "rk/"],
    ["/ro", "ot/"],
    ["/ho", "me/"],
    ["registry.", "npmjs"],
  ];
  const words = new RegExp(banned.map((pieces) => pieces.join("").replace(".", "\\.")).join("|"));
  const found = written.flatMap((path) =>
    text(path)
      .split("\n")
      .flatMap((line, index) => (words.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
  assert.deepEqual(found, []);
});

test("no test is run alone by mistake", () => {
  const alone = sources.filter((path) => path.startsWith("test/") && /\b(test|it|describe|suite)\.only\(/.test(text(path)));
  assert.deepEqual(alone, []);
});

test("every link in a document leads to a file, and to a heading of it", () => {
  const broken = documents.flatMap((path) =>
    linksOf(path)
      .filter((link) => !resolves(link))
      .map(({ href }) => `${path}: ${href}`),
  );
  assert.deepEqual(broken, []);
});

test("every document can be reached from the README", () => {
  const reached = new Set(["README.md"]);
  for (const path of reached) {
    for (const { target } of linksOf(path)) if (target.endsWith(".md") && existsSync(join(root, target))) reached.add(target);
  }
  assert.deepEqual(
    documents.filter((path) => !reached.has(path)),
    [],
  );
});

test("npm scripts run files that are there, and documents name npm scripts that are there", () => {
  const programs = Object.values(manifest.scripts).flatMap(
    (script) => script.match(/\b(?:scripts|bench|bin)\/[\w.-]+\.(?:ts|js)\b/g) ?? [],
  );
  assert.deepEqual(
    programs.filter((path) => !existsSync(join(root, path))),
    [],
  );
  const named = documents.flatMap((path) =>
    [...text(path).matchAll(/\bnpm run (?:--silent |-s )?([a-z][\w:-]*)/g)].map(([, name = ""]) => ({ path, name })),
  );
  assert.deepEqual(
    named.filter(({ name }) => manifest.scripts[name] === undefined),
    [],
  );
});

test("what the package exports is made from sources that are there", () => {
  const built = Object.values(manifest.exports).flatMap((entry) => (typeof entry === "string" ? [] : [entry.default, entry.types]));
  const origins = built.map((path) => path.replace("./dist/", "").replace(/(\.d\.ts|\.js)$/, ".ts"));
  const shipped = [...Object.values(manifest.bin), ...manifest.files.filter((path) => path !== "dist")];
  assert.deepEqual(
    [...new Set([...origins, ...shipped])].filter((path) => !existsSync(join(root, path))),
    [],
  );
});

test("the lock file pins every package by checksum and names no registry", () => {
  interface Locked {
    readonly packages: Readonly<Record<string, { readonly integrity?: string; readonly resolved?: string; readonly inBundle?: boolean }>>;
  }
  const packages = Object.entries((JSON.parse(text("package-lock.json")) as Locked).packages).filter(([path]) => path !== "");
  assert.ok(packages.length > 0);
  assert.deepEqual(
    // What comes inside of another package is under that one's checksum.
    packages.filter(([, { integrity, resolved, inBundle = false }]) => (integrity === undefined && !inBundle) || resolved !== undefined),
    [],
  );
});

interface Link {
  readonly href: string;
  /** The file, from the root. */
  readonly target: string;
  readonly anchor: string;
}

/** Links to files of this repository, outside of code blocks. */
function linksOf(path: string): Link[] {
  const prose = text(path).replace(/^```[\s\S]*?^```/gm, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, href = ""]) => {
    if (/^[a-z]+:/.test(href)) return [];
    const [file = "", anchor = ""] = href.split("#");
    return [{ href, target: file === "" ? path : relative(root, join(root, dirname(path), normalize(file))), anchor }];
  });
}

function resolves({ target, anchor }: Link): boolean {
  if (!existsSync(join(root, target))) return false;
  return anchor === "" || headingsOf(target).includes(anchor);
}

/** The anchors that a forge makes of a document's headings. */
function headingsOf(path: string): string[] {
  return [...text(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
