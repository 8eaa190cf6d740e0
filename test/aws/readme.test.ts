/** What the README says of S3 and DynamoDB, run over emulators. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { tableSchema } from "../../lib/engines/aws/schema.ts";
import { type EmulatedAws, emulatorCredentials, emulatorRegion, startEmulatedAws } from "../../scripts/emulators/aws-store.ts";
import { readmeBlocks } from "../e2e/readme-page.ts";
import { environment, startServerProcess } from "../e2e/start-server.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const stepMsMax = 60_000;
const pageRegion = "eu-west-1";

let aws: EmulatedAws;
before(async () => {
  aws = await startEmulatedAws();
});
after(() => aws.stop());

const shellBlocks = readmeBlocks().filter(({ language }) => language === "shell");

function variables(): Readonly<Record<string, string>> {
  return {
    AWS_ACCESS_KEY_ID: emulatorCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: emulatorCredentials.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: aws.endpoints.dynamodb,
    AWS_ENDPOINT_URL_S3: aws.endpoints.s3,
  };
}

test("the table that the page makes is the one that the engine needs", () => {
  const [create] = shellBlocks;
  const { partitionKey, sortKey, billingMode } = tableSchema;
  assert.ok(create !== undefined);
  for (const part of [
    `--billing-mode ${billingMode}`,
    `AttributeName=${partitionKey},KeyType=HASH AttributeName=${sortKey},KeyType=RANGE`,
    `AttributeName=${partitionKey},AttributeType=S AttributeName=${sortKey},AttributeType=S`,
  ]) {
    assert.ok(create.code.includes(part), part);
  }
});

test("the server starts by the page's line", async () => {
  const line = shellBlocks.find(({ code }) => code.startsWith("npx stratalog serve"));
  const { table, bucket } = await aws.createStore();
  const args = (line?.code ?? "").trim().split(" ").slice(3);
  const own = args.map((arg) => ({ "my-log": table, "my-log-payloads": bucket, [pageRegion]: emulatorRegion })[arg] ?? arg);
  const server = await startServerProcess({ data: "unused", args: own, env: variables() });
  assert.match(server.printed(), new RegExp(`DynamoDB table ${table}`));
  await server.stop();
});

test("the page's program is examples/aws.ts, and runs", { timeout: stepMsMax }, async () => {
  const example = readFileSync(join(root, "examples/aws.ts"), "utf8");
  const shown = readmeBlocks().find(({ language, code }) => language === "typescript" && code.includes("stratalog/aws"));
  assert.equal(shown?.code, example.replace("../lib/aws/index.ts", "stratalog/aws"));
  const { table, bucket } = await aws.createStore();
  const copy = join(root, "examples", `aws-${table}.ts`);
  writeFileSync(
    copy,
    example.replace('"my-log"', `"${table}"`).replace('"my-log-payloads"', `"${bucket}"`).replace(pageRegion, emulatorRegion),
  );
  try {
    const { stdout } = await run(process.execPath, [copy], { env: environment(variables()), timeout: stepMsMax });
    assert.match(stdout, /^durable at \d:0\n\d 0 ada \{ item: 'book', copies: 2 \}\n$/);
  } finally {
    rmSync(copy);
  }
});
