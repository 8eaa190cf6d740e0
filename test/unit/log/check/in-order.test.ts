/** Looking at several items at once: what is found comes in the items' order, and little is held. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { LogError } from "../../../../lib/core/errors.ts";
import { ReadRoom } from "../../../../lib/core/read-room.ts";
import { type Finding, note } from "../../../../lib/log/check/finding.ts";
import { inOrder } from "../../../../lib/log/check/in-order.ts";

const found = (message: string): Finding => note({ kind: "missing", what: "object", where: {}, message });
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await setImmediate();
};

/** Looks that take as many turns as their item says, and have something to tell when it is odd. */
class Looks {
  failed: LogError | undefined;
  running = 0;
  runningMost = 0;
  readonly ended: number[] = [];
  /** Findings that were looked for, told or not. */
  findings = 0;

  readonly fail = (reason: unknown): LogError => (this.failed ??= LogError.from(reason));

  readonly look = async function* (this: Looks, item: number): AsyncGenerator<Finding, void, undefined> {
    this.runningMost = Math.max(this.runningMost, ++this.running);
    try {
      await turns(item);
      if (item % 2 === 0) return;
      for (const part of ["a", "b"]) {
        this.findings++;
        yield found(`${item}${part}`);
      }
    } finally {
      this.running--;
      this.ended.push(item);
    }
  }.bind(this);
}

async function told(findings: AsyncIterable<Finding>): Promise<readonly string[]> {
  const messages: string[] = [];
  for await (const { message } of findings) messages.push(message);
  return messages;
}

test("what is found comes in the order of the items, however long each takes", async () => {
  const looks = new Looks();
  assert.deepEqual(await told(inOrder(looks, [9, 8, 1, 2, 5, 3, 0, 7], 3, looks.look)), [
    "9a",
    "9b",
    "1a",
    "1b",
    "5a",
    "5b",
    "3a",
    "3b",
    "7a",
    "7b",
  ]);
  assert.equal(looks.runningMost, 3);
});

test("an item of which there is nothing to tell makes room while one before it takes long", async () => {
  const looks = new Looks();
  await told(inOrder(looks, [101, 2, 4, 6, 8, 10], 2, looks.look));
  assert.deepEqual(looks.ended, [2, 4, 6, 8, 10, 101]);
});

test("nothing is looked for beyond a finding that nobody has asked for", async () => {
  const looks = new Looks();
  const findings = inOrder(looks, [1, 3, 5, 7, 9], 3, looks.look);
  assert.equal((await findings.next()).value?.message, "1a");
  await turns(50);
  assert.equal(looks.findings, 3, "one of each that it looks at");
  await findings.return();
  assert.deepEqual([looks.running, looks.findings, looks.failed], [0, 3, undefined], "and all have ended");
});

test("when one fails the check has failed, with the first reason, and nothing goes on", async () => {
  const looks = new Looks();
  const look = async function* (item: number): AsyncGenerator<Finding, void, undefined> {
    if (item === 2) throw new LogError("throttled", "first");
    yield* looks.look(item);
    if (item === 20) throw new LogError("unavailable", "second");
  };
  await assert.rejects(told(inOrder(looks, [20, 2, 31, 4], 3, look)), { code: "throttled", message: "first" });
  assert.deepEqual([looks.failed?.code, looks.running], ["throttled", 0]);
});

test("when the items cannot be told, the check has failed", async () => {
  const looks = new Looks();
  const items = async function* (): AsyncGenerator<number, void, undefined> {
    yield 5;
    throw new LogError("unavailable", "no items");
  };
  await assert.rejects(told(inOrder(looks, items(), 3, looks.look)), { message: "no items" });
  assert.deepEqual([looks.failed?.code, looks.running], ["unavailable", 0]);
});

test("reads have room one after the other, the large ones too, and what is larger than all of it alone", async () => {
  const room = new ReadRoom(10);
  const order: string[] = [];
  let [held, heldMost] = [0, 0];
  const read = (name: string, bytes: number): Promise<void> =>
    room.hold(bytes, async () => {
      order.push(name);
      heldMost = Math.max(heldMost, (held += bytes));
      await turns(3);
      held -= bytes;
    });
  const failing = room.hold(6, () => Promise.reject(new Error("not read")));
  await Promise.all([assert.rejects(failing), read("small", 4), read("large", 9), read("tiny", 1), read("huge", 50), read("last", 1)]);
  assert.deepEqual(order, ["small", "large", "tiny", "huge", "last"]);
  assert.equal(heldMost, 50);
});
