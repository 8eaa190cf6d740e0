import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limits } from "../../../../lib/core/limits.ts";
import { checkedConsumer, failureTopic, type NewConsumer } from "../../../../lib/log/consumers/settings.ts";

const least: NewConsumer = { group: "g", topic: "t", target: "local:f" };

describe("a consumer's settings", () => {
  it("have Lambda's defaults, also for what is given as undefined", () => {
    const consumer = checkedConsumer({ ...least, batchSize: undefined });
    assert.deepEqual(consumer, {
      ...least,
      targetTimeoutMs: limits.functionTimeoutMsMax,
      startingPosition: "LATEST",
      startingPositionTimestampMs: undefined,
      batchSize: 100,
      maxBatchingWindowMs: 0,
      filters: [],
      retryAttempts: -1,
      maxRecordAgeMs: -1,
      bisectBatchOnError: false,
      reportBatchItemFailures: false,
      onFailure: undefined,
      outputTopics: [],
      enabled: true,
    });
  });

  const right: readonly Partial<NewConsumer>[] = [
    { target: "arn:aws:lambda:eu-west-1:123456789012:function:orders:live" },
    { target: "arn:aws-cn:lambda:cn-north-1:123456789012:function:orders" },
    { batchSize: 1 },
    { batchSize: 10_000 },
    { maxBatchingWindowMs: 300_000 },
    { retryAttempts: 0 },
    { retryAttempts: 10_000 },
    { maxRecordAgeMs: 60_000 },
    { maxRecordAgeMs: 604_800_000 },
    { startingPosition: "AT_TIMESTAMP", startingPositionTimestampMs: 0 },
    { onFailure: "arn:aws:sqs:eu-west-1:123456789012:dead" },
    { onFailure: "arn:aws:sns:eu-west-1:123456789012:dead" },
    { onFailure: "arn:aws:s3:::dead" },
    { onFailure: "kafka://dead" },
    { outputTopics: ["a", "b"] },
    { filters: ['{"key":["a"]}'] },
  ];
  for (const set of right)
    it(`take ${JSON.stringify(set)}`, () => assert.partialDeepStrictEqual(checkedConsumer({ ...least, ...set }), set));

  it("end after 10 retries where a destination is set, and nothing else ends them", () => {
    const onFailure = "kafka://dead";
    const attempts = (set: Partial<NewConsumer>) => checkedConsumer({ ...least, ...set }).retryAttempts;
    assert.deepEqual([attempts({ onFailure }), attempts({ onFailure, retryAttempts: -1 })], [10, 10]);
    assert.deepEqual(
      [attempts({}), attempts({ onFailure, maxRecordAgeMs: 60_000 }), attempts({ onFailure, retryAttempts: 3 })],
      [-1, -1, 3],
    );
  });

  const wrong: readonly [Partial<NewConsumer>, string][] = [
    [{ group: "" }, "invalid_group_id"],
    [{ topic: "a b" }, "invalid_topic"],
    [{ target: "orders" }, "invalid_config"],
    [{ target: "arn:aws:sqs:eu-west-1:123456789012:queue" }, "invalid_config"],
    [{ target: "local:" }, "invalid_config"],
    [{ target: "local:a\nb" }, "invalid_config"],
    [{ targetTimeoutMs: 0 }, "invalid_config"],
    [{ targetTimeoutMs: limits.functionTimeoutMsMax + 1 }, "invalid_config"],
    [{ batchSize: 0 }, "invalid_config"],
    [{ batchSize: 10_001 }, "invalid_config"],
    [{ batchSize: 1.5 }, "invalid_config"],
    [{ maxBatchingWindowMs: 300_001 }, "invalid_config"],
    [{ retryAttempts: -2 }, "invalid_config"],
    [{ retryAttempts: 10_001 }, "invalid_config"],
    [{ maxRecordAgeMs: 59_999 }, "invalid_config"],
    [{ maxRecordAgeMs: 0 }, "invalid_config"],
    [{ startingPosition: "AT_TIMESTAMP" }, "invalid_config"],
    [{ startingPosition: "AT_TIMESTAMP", startingPositionTimestampMs: -1 }, "invalid_config"],
    [{ startingPosition: "EARLIEST" as "LATEST" }, "invalid_config"],
    [{ onFailure: "https://dead" }, "invalid_config"],
    [{ onFailure: "kafka://" }, "invalid_topic"],
    [{ topic: "orders", onFailure: "kafka://orders" }, "invalid_config"],
    [{ outputTopics: ["a b"] }, "invalid_topic"],
    [{ outputTopics: Array.from({ length: limits.triggerOutputTopicsMax + 1 }, (_, nth) => `t${nth}`) }, "invalid_config"],
    [{ filters: ["{"] }, "invalid_config"],
    [{ filters: Array.from({ length: limits.filtersMax + 1 }, () => '{"key":["a"]}') }, "invalid_config"],
  ];
  for (const [set, code] of wrong) {
    it(`refuse ${JSON.stringify(set).slice(0, 80)}`, () => assert.throws(() => checkedConsumer({ ...least, ...set }), { code }));
  }

  it("name a topic of the log as kafka://", () => {
    assert.deepEqual([failureTopic("kafka://dead"), failureTopic("arn:aws:s3:::dead")], ["dead", undefined]);
  });
});
