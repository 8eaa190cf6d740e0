/** `stratalog consumers` and `client.consumers` as operators use them: against a server whose consumers have delivered, failed and given up. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { letterTable, partitionTable } from "../../lib/cli/commands/consumers-text.ts";
import type { ConsumerBody, ConsumerListBody, ConsumerStatusBody, DeadLetterBody } from "../../lib/client/index.ts";
import { mapBounded } from "../../lib/core/bounded.ts";
import { limits } from "../../lib/core/limits.ts";
import { type ConsumersServer, startConsumersServer, target } from "./consumers-command.ts";

let at: ConsumersServer;
before(async () => {
  at = await startConsumersServer();
});
after(() => at.stop());

const idOf = (group: string, partition: number, offset: number): string =>
  `of-${group}/${String(partition).padStart(5, "0")}/${String(offset).padStart(19, "0")}`;
const lettersOf = async (group: string): Promise<readonly string[]> =>
  (await at.client.consumers.deadLetters(group)).deadLetters.map(({ id, redriving }) => `${id}${redriving ? " redriving" : ""}`);

test("consumers are listed by group, all of them, and by prefix", async () => {
  const none = await at.run("list", "--prefix", "list.");
  assert.deepEqual([none.code, none.stdout], [0, ""]);
  assert.match(none.stderr, /no triggered consumers whose groups start with "list\."/);
  await at.consumer("list.b", [0, 0], { enabled: false });
  await at.consumer("list.a", [0, 0]);
  assert.match(
    await at.ok("list", "--prefix", "list."),
    /^GROUP +TOPIC +STATE +TARGET\nlist\.a +of-list\.a +Enabled +arn:aws:lambda:\S+:billing\nlist\.b +of-list\.b +Disabled +arn:\S+\n$/,
  );
  await at.consumer("list-too.failing", [1, 0], { retryAttempts: -1 });
  await at.deliver("list-too.failing", 0, "no", true);
  await at.consumer("list-too.gone", [0, 0]);
  await at.client.topics.delete("of-list-too.gone");
  assert.match(
    await at.ok("list", "--prefix", "list-too."),
    /\nlist-too\.failing +\S+ +Problem +\S+\nlist-too\.gone +\S+ +NoTopic +\S+\n$/,
  );
  const { consumers } = JSON.parse(await at.ok("ls", "--prefix", "list.", "--json")) as ConsumerListBody;
  assert.deepEqual(
    consumers.map(({ group, enabled, state, version }) => [group, enabled, state, version]),
    [
      ["list.a", true, "Enabled", 1],
      ["list.b", false, "Disabled", 1],
    ],
  );
});

test("describe: settings, state, and how it is with each partition", async () => {
  const settings = {
    filters: ['{"value":{"kind":["paid"]}}'],
    retryAttempts: -1,
    maxBatchingWindowMs: 1_500,
    reportBatchItemFailures: true,
    onFailure: "kafka://given-up",
    outputTopics: ["results"],
  } as const;
  for (const name of ["given-up", "results"]) await at.client.topics.create({ name });
  await at.consumer("plain", [3, 2]);
  await at.deliver("plain", 0);
  const plain = await at.ok("describe", "plain");
  for (const line of [
    /^Group +plain\nState +Enabled\nTopic +of-plain\nTarget +arn:\S+, within 870 s a call\nStarts at +TRIM_HORIZON\nBatch +1 record at most\n/,
    /\nRetries +0\nOldest +of any age\nOn error +the batch again\nOn failure +a dead letter\nLag +2 records\nGiven up +0 dead letters\n\n/,
    /\nPARTITION +OFFSET +END +LAG +OLDEST +RUNS +CALLS +ATTEMPTS +RETRY +LAST ERROR\n +0 +3 +3 +0 +- +- +3 +0 +- +-\n +1 +- +2 +2 +\d+d +- +0 +0 +- +-\n$/,
  ])
    assert.match(plain, line);

  await at.consumer("failing", [2, 0], { ...settings, filters: [], bisectBatchOnError: true });
  assert.equal((await at.deliver("failing", 0, "no such \u001b[31mcustomer\n  of anybody", true)).failedCalls, 1);
  const failing = await at.ok("describe", "failing");
  for (const line of [
    /\nState +Problem\n/,
    /\nBatch +1 record at most, waits 1.5 s\nRetries +10\n/,
    /\nOn error +the batch again, in halves; from the record on that the function reports\nOn failure +kafka:\/\/given-up\nOutputs +results\nLag +2 records\n/,
    /\n +0 +- +2 +2 +\d+d +- +1 +1 +(in \d+s|-) +\d+s ago: no such \[31mcustomer of anybody\n/,
  ])
    assert.match(failing, line);

  await at.consumer("filtered", [0, 0], { ...settings, startingPosition: "AT_TIMESTAMP", startingPositionTimestampMs: 0 });
  assert.match(
    await at.ok("describe", "filtered"),
    /\nStarts at +AT_TIMESTAMP 1970-01-01T00:00:00.000Z\n[^]*\nFilter +\{"value":\{"kind":\["paid"\]\}\}\n/,
  );

  await at.consumer("looping", [0, 0]);
  await at.client.consumers.put("looping", { topic: "of-looping", target, onFailure: "kafka://given-up", outputTopics: ["of-looping"] });
  assert.match((await at.run("describe", "looping")).stderr, /^Note: looping may write to of-looping, which it reads: .*\n$/);

  const told = JSON.parse(await at.ok("describe", "failing", "--json")) as ConsumerBody & ConsumerStatusBody;
  assert.deepEqual(told, { ...(await at.client.consumers.get("failing")), ...(await at.client.consumers.status("failing")) });
  assert.deepEqual([told.state, told.lag, told.partitions[0]?.lastError], ["Problem", 2, "no such \u001b[31mcustomer\n  of anybody"]);
});

test("what the function says is one line, and without what a terminal would act on", () => {
  const error = `a\u001b]0;x\u0007b\r\nc\u202ed\u2028e ${"x".repeat(100)}`;
  const partition = { partition: 0, offset: 1, highWatermark: 1, lag: 0, oldestTimestampMs: null, leased: true, attempts: 0 };
  const rowOf = (retryAtMs: number | null): string =>
    partitionTable([{ ...partition, retryAtMs, invocations: 1, lastError: error, lastErrorMs: 0 }], 1_000).split("\n")[1] ?? "";
  assert.match(rowOf(null), / yes .* 1s ago: a \]0;x b c d e x+…$/);
  assert.doesNotMatch(rowOf(16_000), / yes /, "what waits for another try does not run");
  assert.match(rowOf(16_000), / in 15s +1s ago: /);
  const letter = { id: "t/00000/0000000000000000000", topic: "t", partition: 0, fromOffset: 0, toOffset: 1, records: 1, attempts: 1 };
  const more = { condition: "RecordAgeExceeded", functionError: "", firstTimestampMs: 0, lastTimestampMs: 0, givenUpMs: 0 } as const;
  assert.match(letterTable([{ ...letter, ...more, error, redriving: true }], 60_000), / 60s ago +yes +a \]0;x b c d e x+…\n$/);
});

test("a consumer is paused and resumed, several at once too", async () => {
  for (const group of ["rest.a", "rest.b"]) await at.consumer(group, [1, 0]);
  assert.equal(await at.ok("pause", "rest.a", "rest.b"), "Paused consumer rest.a.\nPaused consumer rest.b.\n");
  assert.match(await at.ok("describe", "rest.a"), /\nState +Disabled\n/);
  assert.equal((await at.deliver("rest.a", 0)).state, "stopped");
  assert.equal(await at.ok("pause", "rest.a", "--json"), '{"group":"rest.a","enabled":false}\n');
  assert.equal(await at.ok("resume", "rest.a"), "Resumed consumer rest.a.\n");
  assert.equal(await at.ok("resume", "rest.b", "--json"), '{"group":"rest.b","enabled":true}\n');
  assert.deepEqual(await at.deliver("rest.a", 0), { calls: 1, records: 1, filtered: 0, failedCalls: 0, givenUp: 0, state: "done" });
});

test("dead letters are listed, and redriven by id or all of them", async () => {
  const ids = [idOf("letters", 0, 0), idOf("letters", 0, 1), idOf("letters", 1, 0)] as const;
  await at.consumer("letters", [2, 1]);
  const none = await at.run("dead-letters", "letters");
  assert.deepEqual([none.stdout, none.stderr], ["", "Consumer letters has no dead letters.\n"]);
  assert.equal(await at.ok("redrive", "letters"), "0 dead letters will be delivered once more, beside those asked for before.\n");
  for (const partition of [0, 1]) assert.equal((await at.deliver("letters", partition, "out of stock")).state, "done");

  const { stdout, stderr } = await at.run("dead-letters", "letters");
  assert.match(
    stdout,
    new RegExp(
      `^ID +UP TO +RECORDS +CONDITION +ATTEMPTS +GIVEN UP +REDRIVING +ERROR\n${ids[0]} +1 +1 +RetryAttemptsExhausted +1 +\\d+s ago +- +out of stock\n${ids[1]} .*\n${ids[2]} .*\n$`,
    ),
  );
  assert.match(stderr, /stratalog consumers redrive letters/);
  assert.match((await at.run("describe", "letters")).stderr, /stratalog consumers dead-letters letters/);
  const told = JSON.parse(await at.ok("dead-letters", "letters", "--json")) as { group: string; deadLetters: DeadLetterBody[] };
  assert.deepEqual(told, { group: "letters", ...(await at.client.consumers.deadLetters("letters")) });

  const dry = await at.run("redrive", "letters", "--id", ids[1], "--dry-run");
  assert.match(dry.stdout, new RegExp(`^ID .*\n${ids[1]} .*\n$`));
  assert.equal(
    dry.stderr,
    "Nothing was changed: this was a dry run. 1 dead letter would be delivered once more, beside those asked for before.\n",
  );
  assert.deepEqual(await lettersOf("letters"), ids);

  await at.client.consumers.pause("letters");
  const one = await at.run("redrive", "letters", "--id", ids[1], "--id", ids[1]);
  assert.equal(one.stdout, "1 dead letter will be delivered once more, beside those asked for before.\n");
  assert.equal(one.stderr, "Consumer letters is paused: they wait for stratalog consumers resume letters\n");
  await at.client.consumers.resume("letters");
  assert.deepEqual(await lettersOf("letters"), [ids[0], `${ids[1]} redriving`, ids[2]]);
  const others = JSON.parse(await at.ok("redrive", "letters", "--dry-run", "--json")) as {
    redriving: number;
    deadLetters: DeadLetterBody[];
  };
  assert.deepEqual([others.redriving, ...others.deadLetters.map(({ id }) => id)], [2, ids[0], ids[2]]);
  await at.deliver("letters", 0);
  assert.deepEqual(await lettersOf("letters"), [ids[0], ids[2]], "only what was asked for, and only once it was delivered");

  assert.equal(await at.ok("redrive", "letters", "--json"), '{"group":"letters","dryRun":false,"redriving":2}\n');
  await at.deliver("letters", 0);
  await at.deliver("letters", 1, "still out of stock");
  const [last, ...more] = (await at.client.consumers.deadLetters("letters")).deadLetters;
  assert.deepEqual([last?.id, last?.attempts, last?.error, last?.redriving, more], [ids[2], 2, "still out of stock", false, []]);
});

test("an id that is not there is told, and nothing is redriven", async () => {
  await at.consumer("unknown", [1, 0]);
  await at.deliver("unknown", 0, "no");
  const [there, not] = [idOf("unknown", 0, 0), idOf("unknown", 0, 7)];
  for (const args of [[], ["--dry-run"]]) {
    const said = await at.fails(1, "redrive", "unknown", "--id", there, "--id", not, ...args);
    assert.match(said, /has no dead letter of-unknown\/00000\/0000000000000000007.*stratalog consumers dead-letters GROUP \(not_found\)/);
    const { error } = JSON.parse(await at.fails(1, "redrive", "unknown", "--id", not, "--json", ...args)) as { error: { code: string } };
    assert.equal(error.code, "not_found");
  }
  assert.match(await at.fails(1, "redrive", "unknown", "--id", "7"), /no dead letter's id/);
  assert.deepEqual(await lettersOf("unknown"), [there]);
});

test("ids that take several requests: what was asked for before one that fails is told", async () => {
  const there = limits.deadLetterListMax;
  await at.consumer("bulk", [there, 0]);
  await at.deliver("bulk", 0, "no");
  const ids = Array.from({ length: there + 1 }, (_, nth) => ["--id", idOf("bulk", 0, nth)]).flat();
  const said = await at.fails(1, "redrive", "bulk", ...ids);
  assert.match(
    said,
    /^stratalog: The first 1,000 of 1,001 dead letters were asked for\. Of those after them: Group bulk has no dead letter of-bulk\/00000\/0000000000000001000: nothing was asked for\. .*stratalog consumers dead-letters GROUP \(not_found\)\n$/,
  );
  const told = JSON.parse(await at.fails(1, "redrive", "bulk", ...ids, "--json")) as { error: { redriving: number; code: string } };
  assert.deepEqual([told.error.code, told.error.redriving], ["not_found", 0], "they were asked for before");
  assert.equal((await lettersOf("bulk")).length, limits.listLimitDefault);
  assert.deepEqual(
    (await lettersOf("bulk")).filter((letter) => !letter.endsWith(" redriving")),
    [],
  );
});

test("dead letters of a topic that the consumer does not read any more are not redriven", async () => {
  await at.consumer("moved", [1, 0]);
  await at.deliver("moved", 0, "no");
  await at.consumer("other", [0, 0]);
  await at.client.consumers.put("moved", { topic: "of-other", target });
  for (const args of [[], ["--dry-run"]]) {
    const said = await at.fails(1, "redrive", "moved", "--id", idOf("moved", 0, 0), ...args);
    assert.match(said, /is of topic of-moved, and consumer moved reads of-other now: nothing was asked for\. \(invalid_request\)\n$/);
    const { redriving } = JSON.parse(await at.ok("redrive", "moved", "--json", ...args)) as { redriving: number };
    assert.equal(redriving, 0);
  }
});

test("the SDK: dead letters page by page, redriven by id, forgotten; a consumer put anew", async () => {
  const { consumers } = at.client;
  await at.consumer("sdk", [3, 0]);
  await at.deliver("sdk", 0, "no");
  const first = await consumers.deadLetters("sdk", { limit: 2 });
  assert.deepEqual([first.deadLetters.length, first.nextCursor], [2, idOf("sdk", 0, 1)]);
  const { deadLetters, nextCursor } = await consumers.deadLetters("sdk", { limit: 2, cursor: first.nextCursor ?? "" });
  assert.deepEqual([deadLetters.map(({ id }) => id), nextCursor], [[idOf("sdk", 0, 2)], undefined]);
  assert.equal(await consumers.redrive("sdk", [idOf("sdk", 0, 0)]), 1);
  assert.equal(await consumers.redrive("sdk"), 2, "those that were not to be delivered already");
  assert.equal(await consumers.redrive("sdk"), 0);
  await consumers.forget("sdk", [idOf("sdk", 0, 0), idOf("sdk", 0, 2), idOf("sdk", 0, 99)]);
  assert.deepEqual(await lettersOf("sdk"), [`${idOf("sdk", 0, 1)} redriving`]);
  await at.deliver("sdk", 0);
  assert.deepEqual(await lettersOf("sdk"), []);

  const changed = await consumers.put("sdk", { topic: "of-sdk", target, batchSize: 5 });
  assert.deepEqual([changed.batchSize, changed.retryAttempts, changed.version], [5, -1, 2]);
  assert.equal((await consumers.status("sdk")).partitions[0]?.offset, 3);
  await assert.rejects(consumers.put("sdk", { topic: "of-sdk", target: "f" }), { code: "invalid_config", outcome: "not-applied" });
  await assert.rejects(consumers.forget("nobody", [idOf("sdk", 0, 0)]), { code: "group_id_not_found" });
});

test("delete takes several, leaves the group, and ends at one that is not there", async () => {
  for (const group of ["end.a", "end.b", "end.c"]) await at.consumer(group, [1, 0]);
  await at.deliver("end.a", 0);
  assert.equal(await at.ok("rm", "end.a", "--json"), '{"deleted":"end.a"}\n');
  assert.equal((await at.client.groups.offsets("end.a"))[0]?.offset, 1);
  const { code, stdout, stderr } = await at.run("delete", "end.b", "end.a", "end.c", "--yes");
  assert.deepEqual([code, stdout], [1, "Deleted consumer end.b.\n"]);
  assert.match(stderr, /There is no consumer end\.a.*stratalog consumers list \(group_id_not_found\)/);
  assert.deepEqual(
    (await at.client.consumers.list({ prefix: "end." })).consumers.map(({ group }) => group),
    ["end.c"],
  );
});

test("what is not there is told, by every command; of a topic that is gone there are no partitions", async () => {
  for (const command of ["describe", "pause", "resume", "dead-letters", "redrive", "delete"]) {
    assert.match(
      await at.fails(1, command, "nobody"),
      /There is no consumer nobody.*stratalog consumers list \(group_id_not_found\)/,
      command,
    );
    const { error } = JSON.parse(await at.fails(1, command, "nobody", "--json")) as { error: { code: string } };
    assert.equal(error.code, "group_id_not_found", command);
    assert.match(await at.fails(2, command), /GROUP is missing/);
  }
  await at.consumer("gone", [1, 0]);
  await at.client.topics.delete("of-gone");
  const { stdout, stderr } = await at.run("describe", "gone");
  assert.match(stdout, /\nGiven up +0 dead letters\n$/);
  assert.equal(stderr, "Topic of-gone is not there any more. Where it does not come again: stratalog consumers delete gone\n");
});

test("groups may hold what a path would take for its own, and a long list is whole", async () => {
  const groups = Array.from({ length: 30 }, (_, nth) => `path/?&#% ${nth}`);
  await at.client.topics.create({ name: "many" });
  await mapBounded(groups, 8, (group) => at.client.consumers.put(group, { topic: "many", target }));
  const { consumers } = JSON.parse(await at.ok("list", "--prefix", "path/?", "--json")) as ConsumerListBody;
  assert.deepEqual(new Set(consumers.map(({ group }) => group)), new Set(groups));
  assert.match(await at.ok("describe", "path/?&#% 0"), /^Group +path\/\?&#% 0\n/);
  assert.equal(await at.ok("delete", "path/?&#% 0"), "Deleted consumer path/?&#% 0.\n");
});
