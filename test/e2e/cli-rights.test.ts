/** Rights from the command line: an admin makes a token and rules, its holder works within them, and is let in no more when it is revoked. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connect, type NewTokenBody, type WireAcl } from "../../lib/client/index.ts";
import { type CommandResult, runCommand } from "./run-command.ts";
import { type ServerProcess, startServerProcess, temporaryFolder } from "./start-server.ts";

const adminToken = "an-admin-token-of-more-than-32-characters";
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: ServerProcess;

before(async () => {
  folder = await temporaryFolder();
  server = await startServerProcess({ data: folder.path, env: { STRATALOG_ADMIN_TOKEN: adminToken } });
});
after(async () => {
  await server.stop();
  await folder.remove();
});

const as = (token: string, args: readonly string[], input?: string): Promise<CommandResult> =>
  runCommand(args, { url: server.url, env: { STRATALOG_TOKEN: token }, ...(input !== undefined && { input }) });
const admin = (...args: string[]): Promise<CommandResult> => as(adminToken, args);

function done({ code, stdout, stderr }: CommandResult): string {
  assert.equal(code, 0, stderr);
  return stdout;
}

test("without a token nothing is done, and what to do is said", async () => {
  const { code, stderr } = await runCommand(["topics", "list"], { url: server.url });
  assert.equal(code, 1);
  assert.match(stderr, /unauthenticated/);
});

test("an admin hands out rights by a token, which is told once", async () => {
  for (const topic of ["orders", "payroll"]) done(await admin("topics", "create", topic));
  const made = await admin("tokens", "create", "--principal", "User:ci", "--expires", "90d", "--description", "builds");
  const token = done(made).trim();
  assert.match(token, /^slt_/);
  assert.match(made.stderr, /told this once/);
  done(await admin("acls", "add", "--principal", "User:ci", "--producer", "--consumer", "--topic", "orders"));

  const sent = await as(token, ["produce", "orders"], "one\ntwo\n");
  done(sent);
  const read = done(await as(token, ["consume", "orders", "--from-beginning", "--max", "2"]));
  assert.deepEqual(read.trim().split("\n").sort(), ["one", "two"]);
  const refused = await as(token, ["produce", "payroll"], "x\n");
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /forbidden/);
  assert.doesNotMatch(done(await as(token, ["topics", "list"])), /payroll/);

  const client = connect({ url: server.url, token });
  assert.deepEqual(
    (await client.topics.list()).topics.map(({ name }) => name),
    ["orders"],
  );
  await assert.rejects(client.acls.list(), { code: "forbidden" });

  const listed = done(await admin("tokens", "list"));
  assert.match(listed, /User:ci .*builds/);
  const id = token.split("_")[1] ?? "";
  done(await admin("tokens", "revoke", id));
  assert.match((await as(token, ["topics", "list"])).stderr, /unauthenticated/);
  for (const { stdout, stderr } of [sent, refused, { stdout: listed, stderr: server.printed() }]) {
    assert.ok(!`${stdout}${stderr}`.includes(token), "the token is in no other output");
  }
});

test("a token's scopes narrow what it may", async () => {
  const scopes = ["--scope", "READ:topic:orders", "--scope", "DESCRIBE:topic:ord*"];
  const { token } = JSON.parse(done(await admin("tokens", "create", "--principal", "User:ci", ...scopes, "--json"))) as NewTokenBody;
  done(await as(token, ["consume", "orders", "--from-beginning", "--max", "1"]));
  assert.equal((await as(token, ["produce", "orders"], "x\n")).code, 1);
  assert.match(done(await admin("tokens", "list")), /READ:topic:orders DESCRIBE:topic:ord\*/);
});

test("rules are listed by what decides, and taken away", async () => {
  done(await admin("acls", "add", "--deny", "--principal", "User:*", "--operation", "delete", "--topic", "*"));
  done(await admin("acls", "add", "--principal", "User:eve", "--operation", "AlterConfigs", "--topic", "pay", "--prefix"));
  const { acls } = JSON.parse(done(await admin("acls", "list", "--topic", "payroll", "--json"))) as { acls: WireAcl[] };
  assert.deepEqual(
    new Set(acls.map(({ operation, permission }) => `${permission} ${operation}`)),
    new Set(["DENY DELETE", "ALLOW ALTER_CONFIGS"]),
  );
  assert.match(done(await admin("acls", "remove", "--principal", "User:eve")), /ALTER_CONFIGS/);
  assert.doesNotMatch(done(await admin("acls", "list")), /eve/);
});

test("quotas are set, shown and taken away", async () => {
  done(await admin("quotas", "alter", "--principal", "User:ci", "--request-rate", "50", "--producer-byte-rate", "1000000"));
  assert.match(done(await admin("quotas", "describe")), /User:ci +1000000 +- +50/);
  done(await admin("quotas", "alter", "--principal", "User:ci", "--request-rate", "none"));
  assert.match(done(await admin("quotas", "describe", "--principal", "User:ci")), /User:ci +1000000 +- +-/);
});

test("command lines that make no sense are refused before anything is sent", async () => {
  for (const args of [
    ["acls", "add", "--principal", "User:a", "--operation", "READ"],
    ["acls", "add", "--topic", "t", "--operation", "READ"],
    ["acls", "add", "--principal", "User:a", "--topic", "t"],
    ["acls", "add", "--principal", "User:a", "--topic", "t", "--operation", "REED"],
    ["acls", "add", "--principal", "User:a", "--topic", "t", "--group", "g", "--operation", "READ"],
    ["acls", "remove"],
    ["tokens", "create"],
    ["tokens", "create", "--principal", "User:a", "--scope", "orders"],
    ["tokens", "create", "--principal", "User:a", "--expires", "soon"],
    ["quotas", "alter", "--principal", "User:a"],
    ["quotas", "alter", "--principal", "User:a", "--request-rate", "0"],
    ["topics", "list", "--token", "x", "--sigv4", "on"],
  ]) {
    assert.equal((await runCommand(args, { url: server.url })).code, 2, args.join(" "));
  }
});
