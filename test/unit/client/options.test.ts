/** Options as JavaScript gives them: no compiler has looked at them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ConsumeOptions,
  connect,
  type FetchOptions,
  type GroupConsumerOptions,
  type ProducerOptions,
} from "../../../lib/client/index.ts";

const log = connect();
const group = (options: object) => () => log.consumer({ topics: ["t"], ...options } as unknown as GroupConsumerOptions);
const consume = (options: object) => () => log.consume(options as ConsumeOptions);
const produce = (options: object) => () => log.producer(options as ProducerOptions);

function refused(call: () => unknown, code: string, message: RegExp): void {
  assert.throws(call, (error: { code?: string; message?: string; outcome?: string }) => {
    assert.deepEqual([error.code, error.outcome], [code, "not-applied"], error.message);
    assert.match(String(error.message), message);
    return true;
  });
}

test("a group's name is a text that can be one, and the message names the option", () => {
  for (const [bad, told] of [
    [undefined, "undefined"],
    [5, "5"],
    ["", '""'],
    ["a\nb", '"a\\nb"'],
    [{}, "an object"],
    [null, "null"],
    ["x".repeat(250), `"${"x".repeat(80)}…"`],
  ] as const) {
    refused(group({ group: bad }), "invalid_group_id", /^A group consumer's group must be a text of 1 to 249 characters, /);
    assert.throws(group({ group: bad }), (error: Error) => error.message.endsWith(`, not ${told}.`));
  }
  refused(group({ group: "g", memberId: "" }), "invalid_request", /group consumer's memberId must be a text .* not ""\.$/);
  group({ group: "g", memberId: undefined })();
});

test("topics are named by texts", () => {
  refused(group({ group: "g", topics: "orders" }), "invalid_request", /group consumer's topics must be a list of names/);
  refused(group({ group: "g", topics: [5] }), "invalid_request", /group consumer's topics must be a text, not 5/);
  refused(group({ group: "g", topics: [""] }), "invalid_topic", /"" is no topic name/);
  refused(group({ group: "g", topics: undefined, prefix: 5 }), "invalid_request", /group consumer's prefix must be a text, not 5/);
  refused(consume({}), "invalid_request", /consumer's topic must be a text, not undefined/);
  refused(consume({ topic: "" }), "invalid_topic", /"" is no topic name/);
  refused(produce({ topic: ["t"] }), "invalid_request", /producer's topic must be a text, not an object/);
  refused(produce({ topic: "a b" }), "invalid_topic", /"a b" is no topic name/);
});

test("a place to start is one that there is", async () => {
  for (const [bad, told] of [
    [10, "10"],
    [new Date(0), "a Date"],
    ["begin", '"begin"'],
    [{}, "an object"],
    [{ offset: "10" }, '{ offset: "10" }'],
    [{ offset: 10n }, "{ offset: 10 }"],
    [{ offset: -1 }, "{ offset: -1 }"],
    [{ time: "now" }, '{ time: "now" }'],
    [{ time: new Date(Number.NaN) }, "{ time: a Date }"],
  ] as const) {
    refused(consume({ topic: "t", from: bad }), "invalid_request", /^A consumer's from must be "earliest", "latest", \{ offset: /);
    assert.throws(consume({ topic: "t", from: { partitions: { 3: bad } } }), (error: Error) => error.message.endsWith(`, not ${told}.`));
    const page = log.fetch({ topic: "t", partition: 0, from: bad } as unknown as FetchOptions);
    await assert.rejects(page, { code: "invalid_request", outcome: "not-applied" });
  }
  const places = ["earliest", "latest", { offset: 0 }, { time: 0 }, { time: new Date(0) }, { partitions: { 0: undefined } }];
  for (const from of places) consume({ topic: "t", from })();
});

test("an option that there is not is refused, with the one that was probably meant", () => {
  refused(group({ groupId: "x" }), "invalid_request", /^A group consumer has no option "groupId"\. Did you mean "group"\?$/);
  refused(group({ group: "g", sessionTimeout: 6_000 }), "invalid_request", /Did you mean "sessionTimeoutMs"\?/);
  refused(
    group({ group: "g", eachMessage: () => undefined }),
    "invalid_request",
    /no option "eachMessage"\. There are: group, topics, prefix, /,
  );
  refused(group({ group: "g", constructor: 1 }), "invalid_request", /no option "constructor"/);
  refused(consume({ topic: "t", form: "earliest" }), "invalid_request", /^A consumer has no option "form"\. Did you mean "from"\?$/);
  refused(produce({ topic: "t", lingerMS: 5 }), "invalid_request", /^A producer has no option "lingerMS"\. Did you mean "lingerMs"\?$/);
  // As what is not set comes out of other code.
  group({ group: "g", autoCommit: undefined })();
});
