import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LogError } from "../../../../lib/core/errors.ts";
import type { CatalogCondition, CatalogWrite } from "../../../../lib/ports/catalog.ts";
import { type Between, fault, Store } from "./support.ts";

const key = { pk: "topics", sk: "t" };
const put = (value: string, condition: CatalogCondition): CatalogWrite => ({ key, put: value, if: condition });
const remove = (condition: CatalogCondition): CatalogWrite => ({ key, delete: true, if: condition });

/** Loses the answer of the first write; what other writers do happens before the next request. */
function losing(isDone: boolean, meanwhile: () => Promise<void> = async () => undefined) {
  const sent: string[] = [];
  const between: Between = async (call, run) => {
    if (call.op !== "update" && call.op !== "delete") return await run();
    sent.push(call.op);
    if (sent.length > 1) return await run();
    if (isDone) await run();
    await meanwhile();
    throw fault("unknown");
  };
  return { between, sent };
}

async function stored(store: Store): Promise<readonly unknown[]> {
  const item = await store.open().catalog.get(key);
  return item === undefined ? [] : [item.value, item.version];
}

/** @param before writes that made the item as it was */
async function run(write: CatalogWrite, { isDone, before = [], meanwhile }: Scene) {
  const store = new Store();
  for (const each of before) await store.open().catalog.transact([each]);
  const { between, sent } = losing(isDone, async () => {
    for (const each of meanwhile ?? []) await store.open().catalog.transact([each]);
  });
  const told = await store
    .open(between)
    .catalog.transact([write])
    .then(
      () => "done",
      (reason: unknown) => {
        const { outcome, code } = LogError.from(reason);
        return `${outcome} ${code}`;
      },
    );
  return { outcome: told, sent: sent.length, stored: await stored(store) };
}

interface Scene {
  readonly isDone: boolean;
  readonly before?: readonly CatalogWrite[];
  readonly meanwhile?: readonly CatalogWrite[];
}

const first = put("first", "absent");
const lost = "unknown timeout";

describe("a catalog write whose answer is lost", () => {
  // Sent again it could find its condition true anew, after a deletion, and undo what happened since.
  it("is never sent again", async () => {
    for (const write of [put("new", "absent"), put("new", "any"), put("new", 1), remove("any"), remove(1)]) {
      for (const isDone of [true, false]) assert.equal((await run(write, { isDone })).sent, 1);
    }
  });

  it("is done when the item shows that it made it so", async () => {
    assert.deepEqual(await run(put("new", "absent"), { isDone: true }), { outcome: "done", sent: 1, stored: ["new", 1] });
    for (const condition of [1, "any"] as const) {
      const found = await run(put("new", condition), { isDone: true, before: [first] });
      assert.deepEqual(found, { outcome: "done", sent: 1, stored: ["new", 2] });
    }
  });

  it("stays unknown when it does not show: the request may still come", async () => {
    assert.deepEqual(await run(put("new", "absent"), { isDone: false }), { outcome: lost, sent: 1, stored: [] });
    for (const condition of [1, "any"] as const) {
      const never = await run(put("new", condition), { isDone: false, before: [first] });
      assert.deepEqual(never, { outcome: lost, sent: 1, stored: ["first", 1] });
    }
  });

  it("is no success over another writer's item, of the same value even", async () => {
    for (const value of ["theirs", "new"]) {
      const other = await run(put("new", "absent"), { isDone: false, meanwhile: [put(value, "absent")] });
      assert.deepEqual(other, { outcome: lost, sent: 1, stored: [value, 1] });
      const beaten = await run(put("new", 1), { isDone: false, before: [first], meanwhile: [put(value, 1)] });
      assert.deepEqual(beaten, { outcome: lost, sent: 1, stored: [value, 2] });
      // Theirs came after it, so it may well have been done.
      const later = await run(put("new", "absent"), { isDone: true, meanwhile: [put(value, 1)] });
      assert.deepEqual(later, { outcome: lost, sent: 1, stored: [value, 2] });
    }
  });

  it("that deletes stays unknown, and deletes nothing that came after it", async () => {
    for (const condition of [1, "any"] as const) {
      assert.deepEqual(await run(remove(condition), { isDone: true, before: [first] }), { outcome: lost, sent: 1, stored: [] });
      const never = await run(remove(condition), { isDone: false, before: [first] });
      assert.deepEqual(never, { outcome: lost, sent: 1, stored: ["first", 1] });
      const later = await run(remove(condition), { isDone: true, before: [first], meanwhile: [put("theirs", "absent")] });
      assert.deepEqual(later, { outcome: lost, sent: 1, stored: ["theirs", 1] });
    }
  });

  it("stays unknown when the item cannot be read", async () => {
    for (const kind of ["unknown", "throttled", "refused"] as const) {
      const store = new Store();
      const fails: Between = async (call, each) => {
        await each();
        throw fault(call.op === "update" ? "unknown" : kind);
      };
      await assert.rejects(store.open(fails).catalog.transact([put("new", "absent")]), { outcome: "unknown" }, kind);
    }
  });
});

describe("a catalog write that was certainly not done", () => {
  it("is told so", async () => {
    const store = new Store();
    await store.open().catalog.transact([first]);
    await assert.rejects(store.open().catalog.transact([first]), { code: "conflict", outcome: "not-applied" });
    for (const [kind, code] of [
      ["throttled", "throttled"],
      ["conflict", "throttled"],
      ["unreachable", "unavailable"],
      ["refused", "unavailable"],
    ] as const) {
      const fails: Between = (call, each) => (call.op === "update" ? Promise.reject(fault(kind)) : each());
      await assert.rejects(store.open(fails).catalog.transact([put("new", "any")]), { code, outcome: "not-applied" });
    }
    assert.deepEqual(await stored(store), ["first", 1]);
  });

  it("is tried again while the fault may pass", async () => {
    for (const kind of ["throttled", "conflict", "unreachable"] as const) {
      const store = new Store();
      let left = 4;
      const passes: Between = (call, each) => (call.op === "update" && left-- > 0 ? Promise.reject(fault(kind)) : each());
      await store.open(passes).catalog.transact([put("new", "any")]);
      assert.deepEqual(await stored(store), ["new", 1]);
    }
  });
});
