import assert from "node:assert/strict";
import { test } from "node:test";
import { openFunctionLog } from "../../../lib/lambda/function-log.ts";

const env = { STRATALOG_TABLE: "log", STRATALOG_BUCKET: "log", AWS_REGION: "eu-west-1" };

test("functions hold callers to quotas only where that is asked for: leases take writes", () => {
  assert.equal(openFunctionLog(env).log.quotas.rules.isEnforced, false);
  assert.equal(openFunctionLog({ ...env, STRATALOG_QUOTAS: "off" }).log.quotas.rules.isEnforced, false);
  assert.equal(openFunctionLog({ ...env, STRATALOG_QUOTAS: "on" }).log.quotas.rules.isEnforced, true);
  assert.throws(() => openFunctionLog({ ...env, STRATALOG_QUOTAS: "maybe" }), /on or off/);
});
