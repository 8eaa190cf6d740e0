/** The shell blocks of `docs/protocol.md`, in order and in one shell, against a server: each prints what the text block after it shows. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { startServer } from "../../../lib/server/index.ts";

const page = readFileSync(new URL("../../../docs/protocol.md", import.meta.url), "utf8");
const steps = [...page.matchAll(/^```sh\n([\s\S]*?)^```\n\n```text\n([\s\S]*?)^```$/gm)].map(([, code = "", shown = ""]) => ({
  code,
  shown,
}));
/** Ends the output of a step. */
const end = "\u001e";

test("the example of docs/protocol.md runs, and prints what the page shows", { timeout: 60_000 }, async () => {
  assert.equal(steps.length, 5);
  assert.equal([...page.matchAll(/^```sh$/gm)].length, steps.length, "each shell block has its output");
  const server = await startServer({ engine: createMemoryEngine(), port: 0 });
  const cwd = mkdtempSync(join(tmpdir(), "stratalog-protocol-"));
  try {
    const here = steps.map(({ code }) => code.replaceAll("http://127.0.0.1:7070", server.url));
    const script = `set -euo pipefail\nexec 2>&1\n${here.map((code) => `${code}printf '${end}'\n`).join("")}`;
    const { stdout } = await promisify(execFile)("bash", ["-c", script], { cwd, timeout: 30_000 });
    const printed = stdout.split(end);
    for (const [nth, { shown }] of steps.entries()) assert.match(lines(printed[nth] ?? ""), asPattern(lines(shown)));
  } finally {
    await server.close();
    rmSync(cwd, { recursive: true, force: true });
  }
});

/** Answers have no line end; on the page each stands in a line of its own. */
function lines(text: string): string {
  return text.replace(/\}\s*\{/g, "}\n{").trim();
}

/** @param shown `…` stands for anything in a line */
function asPattern(shown: string): RegExp {
  const pieces = shown.split("…").map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${pieces.join("[^\\n]*?")}$`);
}
