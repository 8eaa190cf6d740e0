/** The SDK runs where the command does not: in Node 20 and in browsers of its time. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const tsc = join(root, "node_modules/typescript/bin/tsc");
/** What Node 20 has of JavaScript's library. */
const lib = ["ES2023", "ES2024.String", "ESNext.Disposable", "WebWorker", "WebWorker.AsyncIterable"];

test("the SDK, and all that it imports, uses nothing that Node 20 does not have", { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "stratalog-client-"));
  const config = { extends: join(root, "tsconfig.pure.json"), compilerOptions: { lib }, include: [join(root, "lib/client")] };
  const place = join(folder, "tsconfig.json");
  writeFileSync(place, JSON.stringify(config));
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", place, "--pretty", "false"], { cwd: root }).catch(
    (reason: unknown) => reason as { readonly stdout: string },
  );
  rmSync(folder, { recursive: true, force: true });
  assert.equal(stdout, "");
});
