import assert from "node:assert/strict";
import { test } from "node:test";
import { checkTopicName } from "../../../lib/core/names.ts";
import { changeOverrides, configOf } from "../../../lib/core/topic-config.ts";

const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected;

test("topic names follow Kafka's rule", () => {
  for (const name of ["a", "A.b_c-9", "x".repeat(249), "..."]) checkTopicName(name);
  for (const name of ["", ".", "..", "x".repeat(250), "a b", "a/b", "é", "a\n"])
    assert.throws(() => checkTopicName(name), code("invalid_topic"));
});

test("configs have Kafka's names and defaults", () => {
  const config = configOf({ "retention.ms": "1000" });
  assert.equal(config["retention.ms"], "1000");
  assert.equal(config["cleanup.policy"], "delete");
  assert.equal(config["max.message.bytes"], "1048588");
});

test("a change sets and sets back overrides, and is refused whole when any of it is wrong", () => {
  assert.deepEqual(changeOverrides({ "retention.ms": "1" }, { "retention.ms": null, "max.message.bytes": 5 }), {
    "max.message.bytes": "5",
  });
  for (const bad of [
    { "no.such": 1 },
    { "retention.ms": "soon" },
    { "retention.ms": -2 },
    { "retention.ms": 1.5 },
    { "cleanup.policy": "keep" },
    { "min.cleanable.dirty.ratio": 2 },
    { "retention.ms": {} },
    { __proto__x: 1 },
  ]) {
    assert.throws(() => changeOverrides({}, bad), code("invalid_config"), JSON.stringify(bad));
  }
});
