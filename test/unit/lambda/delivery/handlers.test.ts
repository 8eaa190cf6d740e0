/** Who starts deliveries, and who makes them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DynamoDBRecord } from "aws-lambda";
import { LogError } from "../../../../lib/core/errors.ts";
import { limits } from "../../../../lib/core/limits.ts";
import { deliverHandler, type DeliverParts } from "../../../../lib/lambda/delivery/deliver-handler.ts";
import { type RouterEvent, routerHandler } from "../../../../lib/lambda/delivery/router-handler.ts";
import { startDelivery } from "../../../../lib/lambda/delivery/start-delivery.ts";
import type { Delivery, DeliveryLimits, DeliveryReport, ShardHint } from "../../../../lib/log/consumers/consumers.ts";
import { nodeClock } from "../../../../lib/node/clock.ts";
import { against } from "./aws-service.ts";

const due = (count: number): readonly Delivery[] =>
  Array.from({ length: count }, (_, partition) => ({ group: "billing", topic: "orders", partition }));

const change = (pk: string, sk = "H"): DynamoDBRecord => ({ eventName: "MODIFY", dynamodb: { Keys: { pk: { S: pk }, sk: { S: sk } } } });

/** Runs a router over an event. */
async function route(
  event: RouterEvent,
  pending: readonly Delivery[],
  start: (delivery: Delivery) => Promise<void> = () => Promise.resolve(),
  unseen: readonly string[] = [],
) {
  const asked: (readonly ShardHint[] | undefined)[] = [];
  const started: Delivery[] = [];
  let settled = 0;
  const handler = routerHandler({
    consumers: {
      pending: (of, onFailure) => {
        asked.push(of);
        for (const group of unseen) onFailure?.(group, new LogError("throttled", "hot"));
        return Promise.resolve(pending);
      },
    },
    start: async (delivery) => {
      await start(delivery);
      started.push(delivery);
    },
    settle: () => {
      settled++;
      return Promise.resolve();
    },
  });
  const result = await handler(event).then(
    (report) => ({ report }),
    (error: unknown) => ({ error: error as Error }),
  );
  assert.equal(settled, 1);
  return { ...result, asked, started };
}

describe("the router", () => {
  it("asks once for each shard whose head has changed, and starts what is due", async () => {
    const Records = [change("H#a#0"), change("H#a#1"), change("H#a#0"), change("H#b#0")];
    const { report, asked, started } = (await route({ Records }, due(3))) as { report: object } & Awaited<ReturnType<typeof route>>;
    assert.deepEqual(asked, [
      [
        { topicId: "a", shard: 0 },
        { topicId: "a", shard: 1 },
        { topicId: "b", shard: 0 },
      ],
    ]);
    assert.deepEqual(started, due(3));
    assert.deepEqual(report, { shards: 3, started: 3 });
  });

  it("reads nothing for what is no head", async () => {
    const Records = [change("J#a#0", "H"), change("H#a#0", "U"), change("C#topics", "H"), change("H#a"), { eventName: "MODIFY" } as const];
    const { asked, started } = await route({ Records }, due(1));
    assert.deepEqual([asked, started], [[], []]);
  });

  it("sweeps all on a schedule", async () => {
    const scheduled = { source: "aws.events", "detail-type": "Scheduled Event", detail: {} } as RouterEvent;
    const { asked, started } = await route(scheduled, due(2));
    assert.deepEqual([asked, started], [[undefined], due(2)]);
  });

  it("starts the others when a consumer cannot be looked at, and fails then", async () => {
    const { started, ...result } = await route({}, due(5), undefined, ["audit", "search"]);
    assert.deepEqual(started, due(5));
    const message = "2 consumers could not be looked at (the others were): audit: hot";
    assert.equal((result as { readonly error: Error }).error.message, message);
  });

  it("starts the others when one cannot be started, and fails then", async () => {
    const { started, ...result } = await route({}, due(5), ({ partition }) =>
      partition === 1 ? Promise.reject(new Error("Rate Exceeded.")) : Promise.resolve(),
    );
    assert.deepEqual(
      started.map(({ partition }) => partition),
      [0, 2, 3, 4],
    );
    assert.match("error" in result ? result.error.message : "", /^1 of 5 deliveries could not be started: Rate Exceeded\.$/);
  });

  it("starts a bounded number side by side", async () => {
    let [running, most] = [0, 0];
    await route({}, due(3 * limits.deliverStartsAtOnce), async () => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
    });
    assert.equal(most, limits.deliverStartsAtOnce);
  });
});

describe("the start of a delivery", () => {
  it("is an asynchronous invocation with the delivery as its event", async () => {
    await against(
      (response) => response.writeHead(202).end(),
      async ({ starting, received }) => {
        await startDelivery(starting, "deliver")({ group: "billing", topic: "orders", partition: 3, token: "t" });
        const [{ url, headers, body } = assert.fail()] = received;
        assert.deepEqual([url, headers["x-amz-invocation-type"]], ["/2015-03-31/functions/deliver/invocations", "Event"]);
        assert.deepEqual(JSON.parse(body), { group: "billing", topic: "orders", partition: 3, token: "t" });
      },
    );
  });

  it("is tried again, since a second one harms nothing", async () => {
    let times = 0;
    await against(
      (response) => response.writeHead(++times === 1 ? 500 : 202).end(),
      async ({ starting, received }) => {
        await startDelivery(starting, "deliver")({ group: "billing", topic: "orders", partition: 3 });
        assert.equal(received.length, 2);
      },
    );
  });
});

const report: DeliveryReport = { state: "done", calls: 0, records: 0, filtered: 0, failedCalls: 0, givenUp: 0 };
const carrier: DeliverParts["carrier"] = { call: () => assert.fail(), sendFailure: () => assert.fail() };
const [delivery = assert.fail()] = due(1);

/** Runs a function that delivers. */
async function deliver(outcome: () => Promise<DeliveryReport>) {
  const started: Delivery[] = [];
  const limitsGiven: DeliveryLimits[] = [];
  let settled = 0;
  const handler = deliverHandler({
    consumers: {
      deliver: (given, by, within) => {
        assert.deepEqual([given, by], [delivery, carrier]);
        limitsGiven.push(within);
        return outcome();
      },
    },
    carrier,
    clock: { ...nodeClock, nowMs: () => 1_000_000 },
    start: (next) => Promise.resolve(void started.push(next)),
    settle: () => {
      settled++;
      return Promise.resolve();
    },
  });
  const result = await handler(delivery, { getRemainingTimeInMillis: () => 900_000 }).then(
    (answer) => ({ answer, error: undefined }),
    (error: unknown) => ({ answer: undefined, error }),
  );
  assert.equal(settled, 1);
  return { ...result, started, within: limitsGiven[0] };
}

describe("the function that delivers", () => {
  it("has until shortly before its time is over", async () => {
    const { answer, within, started } = await deliver(() => Promise.resolve(report));
    assert.deepEqual(within, { endMs: 1_900_000 - limits.lambdaEndMarginMs });
    assert.deepEqual([answer, started], [report, []]);
  });

  it("hands on what it has no time for, with its lease", async () => {
    const { started } = await deliver(() => Promise.resolve({ ...report, state: "handed-on", token: "t" }));
    assert.deepEqual(started, [{ ...delivery, token: "t" }]);
  });

  it("leaves alone what another one delivers, or what is due later", async () => {
    for (const state of ["busy", "later", "stopped", "ended"] as const) {
      const { started } = await deliver(() => Promise.resolve({ ...report, state, token: "t" }));
      assert.deepEqual(started, []);
    }
  });

  it("has nothing to do for a consumer that is gone, and fails with what else goes wrong", async () => {
    const gone = await deliver(() => Promise.reject(new LogError("group_id_not_found", "gone")));
    assert.deepEqual([gone.answer, gone.error], [undefined, undefined]);
    const { error } = await deliver(() => Promise.reject(new LogError("unavailable", "no table")));
    assert.equal(LogError.from(error).code, "unavailable");
  });
});
