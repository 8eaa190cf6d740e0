/** What `npx cdk deploy` in a clone deploys: infra/app.ts by cdk.json, here for a branch. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startLocalstack } from "../../scripts/emulators/localstack.ts";
import { Api } from "../../lib/testing/conformance/http/target.ts";
import { Cdk } from "./cdk.ts";
import { functionUrlDoor, target } from "./doors.ts";

const context = { branch: "feature/x", responseStreaming: "false", superUsers: "User:arn:aws:iam::000000000000:root" };

test("the app deploys a log alone, and takes it away again", async () => {
  const localstack = await startLocalstack();
  try {
    const cdk = new Cdk(localstack.endpoint, "infra/app.ts");
    await cdk.bootstrap();
    const outputs = await cdk.deploy(context);
    const api = new Api(target(functionUrlDoor(outputs.FunctionUrl)));
    await api.post("/topics", { name: "first" }, 201);
    assert.deepEqual(await api.produce("first", [{ value: "hello" }]), { offsets: [{ partition: 0, offset: 0 }] });
    const { records } = await api.read("first");
    assert.deepEqual(
      records.map(({ value }) => value),
      ["hello"],
    );
    await cdk.destroy(context);
  } finally {
    await localstack.stop();
  }
});
