/** What the README says of a server with credentials: its two blocks, run against a real one. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { readmeBlocks } from "./readme-page.ts";
import { environment, startServerProcess, temporaryFolder } from "./start-server.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const blocks = readmeBlocks().filter(({ language }) => language === "console");
const shownHost = "log.example.com";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
before(async () => {
  folder = await temporaryFolder();
});
after(() => folder.remove());

const shell = async (script: string, env: NodeJS.ProcessEnv = environment()): Promise<string> =>
  (await promisify(execFile)("bash", ["-c", `set -euo pipefail\nexec 2>&1\n${script}`], { cwd: root, env, timeout: 60_000 })).stdout;

test("the page's server takes the name of its proxy, and its lines let a caller write and no more", { timeout: 120_000 }, async () => {
  const serve = blocks.find(({ code }) => code.includes("npx stratalog serve"))?.code ?? "";
  const lines = blocks.find(({ code }) => code.includes(`STRATALOG_URL=https://${shownHost}`))?.code ?? "";
  const [make = "", start = ""] = serve.trim().split("\n");
  assert.match(make, /^export STRATALOG_ADMIN_TOKEN=/);
  const admin = (await shell(`${make}\necho $STRATALOG_ADMIN_TOKEN`)).trim();
  const args = start.replace("npx stratalog serve ", "").split(" ");
  const server = await startServerProcess({ data: folder.path, args, env: { STRATALOG_ADMIN_TOKEN: admin } });
  const url = `http://127.0.0.1:${server.port}`;
  try {
    const created = /^npx stratalog tokens create .*?(?= +#)/m;
    assert.match(lines, created);
    const script = lines
      .replace(`https://${shownHost}`, url)
      .replace("STRATALOG_TOKEN=… ", `STRATALOG_TOKEN=${admin} `)
      .replace(created, (line) => `made=$(${line} --json | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')`)
      .replaceAll("slt_…", () => "$made");
    assert.doesNotMatch(script, /…|STRATALOG_TOKEN=slt/);
    const printed = await shell(`${script}\nSTRATALOG_TOKEN=$made npx stratalog consume orders --max 1 --from-beginning || true`);
    assert.match(printed, /1 record durable in orders\./);
    assert.match(printed, /User:checkout may not READ on TOPIC "orders"/);

    const named = await shell(
      `curl -s -o /dev/null -w '%{http_code}' -H 'host: ${shownHost}' -H 'authorization: Bearer ${admin}' ${url}/v1/topics`,
    );
    assert.equal(named, "200");
  } finally {
    await server.stop();
  }
});
