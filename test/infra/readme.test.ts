/** What the README says of the stack in words that can be checked. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { resourcesOf, synthesise, synthesiseApp } from "./support.ts";

const page = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const section = (heading: string): string => page.split(`\n### ${heading}\n`)[1]?.split("\n#")[0] ?? "";

test("the README names every setting of the app, and no other", () => {
  const source = readFileSync(new URL("../../infra/stacks/stack-settings.ts", import.meta.url), "utf8");
  const known = [...source.matchAll(/^ {2}(\w+): "/gm)].map(([, name]) => name);
  assert.ok(known.length > 20);
  const named = [...section("Settings").matchAll(/^\| (.*?) \| /gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`(\w+)(?:=[^`]*)?`/g)].map(([, name]) => name),
  );
  assert.deepEqual([...new Set(named)].toSorted(), known.toSorted());
});

test("what costs by the piece is as many as the README says", () => {
  const alarms = (of: ReturnType<typeof synthesise>): number => resourcesOf(of.template, "AWS::CloudWatch::Alarm").length;
  const counts = /^\| (\d+) alarms, (\d+) with a REST API \|/m.exec(section("What it costs"));
  assert.deepEqual(counts?.slice(1).map(Number), [alarms(synthesise()), alarms(synthesise(() => ({ restApi: { auth: "iam" } })))]);
  const reserved = resourcesOf(synthesise().template, "AWS::Lambda::Function").map(({ Properties }) =>
    Number(Properties["ReservedConcurrentExecutions"]),
  );
  assert.ok(section("Settings").includes(`the functions reserve ${reserved.reduce((sum, each) => sum + each, 0)} of its`));
});

test("what the README says stays when a stack goes, stays", () => {
  const kept = resourcesOf(synthesiseApp({ ownKey: "true" }).template).filter(({ DeletionPolicy }) => DeletionPolicy === "Retain");
  const types = new Set(kept.map(({ Type }) => Type));
  assert.deepEqual(types, new Set(["AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::Logs::LogGroup", "AWS::KMS::Key"]));
  assert.match(section("Taking it away"), /the table \(under deletion protection\), the bucket, the functions' log groups, and the key/);
});
