/** `stratalog dev --consumer`: the real command with a handler in a file. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import type { MSKEvent } from "aws-lambda";
import { connect, type ConsumedRecord } from "../../lib/client/index.ts";
import { runCommand } from "./run-command.ts";
import { type ServerProcess, startServerProcess, temporaryFolder } from "./start-server.ts";
import { until } from "./until.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: ServerProcess | undefined;
let starts = 0;
before(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
});
after(() => folder.remove());

/** A handler that writes each event, as a line of JSON, to a file beside it. */
function handlerFile(
  name: string,
  before = "",
): { readonly file: string; readonly events: () => readonly MSKEvent[]; readonly write: (before: string) => void } {
  const [file, output] = [join(folder.path, `${name}.ts`), join(folder.path, `${name}.jsonl`)];
  const write = (code: string): void => {
    writeFileSync(
      file,
      `import { appendFileSync } from "node:fs";
import type { MSKHandler } from "aws-lambda";

export const handler: MSKHandler = async (event) => {
  const values = Object.values(event.records).flatMap((list) => list.map(({ value }) => Buffer.from(value, "base64").toString()));
  ${code}
  appendFileSync(${JSON.stringify(output)}, JSON.stringify(event) + "\\n");
};
`,
    );
  };
  write(before);
  const lines = () =>
    existsSync(output)
      ? readFileSync(output, "utf8")
          .split("\n")
          .filter((line) => line !== "")
      : [];
  return { file, write, events: () => lines().map((line) => JSON.parse(line) as MSKEvent) };
}

async function start(args: readonly string[], data = `data-${starts++}`): Promise<ServerProcess> {
  server = await startServerProcess({ data: join(folder.path, data), args });
  return server;
}

const recordsOf = (events: readonly MSKEvent[]) => events.flatMap(({ records }) => Object.values(records).flat());
const valuesOf = (events: readonly MSKEvent[]) => recordsOf(events).map(({ value }) => Buffer.from(value, "base64").toString());

async function produce({ url }: ServerProcess, topic: string, values: readonly string[]): Promise<void> {
  const producer = connect({ url }).producer({ topic });
  await Promise.all(values.map((value) => producer.send({ key: "k", value, headers: { trace: "é" } })));
  await producer.close();
}

test("records arrive as MSK's events, and the file is loaded anew when it changes", async () => {
  const { file, events, write } = handlerFile("shape");
  const at = await start(["--consumer", file, "--topic", "orders"]);
  assert.match(at.printed(), /^Created topic orders with 1 partition: it was not there\.$/m);
  assert.match(at.printed(), /^Calls \S*shape\.ts with the records of orders \(group shape, from what comes now\)\.$/m);
  assert.match(at.printed(), /\nTwo lines to try, .*\n.* produce orders .*\n.* consumers describe shape .*\n/);
  assert.doesNotMatch(at.printed(), /topics create/);
  await produce(at, "orders", ["one"]);
  await until("the record has arrived", () => events().length === 1);
  const [event] = events();
  const [record] = recordsOf(events());
  assert.deepEqual(event, {
    eventSource: "aws:kafka",
    eventSourceArn: "arn:aws:kafka:local:000000000000:cluster/stratalog/local",
    bootstrapServers: `127.0.0.1:${at.port}`,
    records: {
      "orders-0": [
        {
          ...{ topic: "orders", partition: 0, offset: 0, timestamp: record?.timestamp, timestampType: "CREATE_TIME" },
          ...{ key: "aw==", value: "b25l", headers: [{ trace: [-61, -87] }] },
        },
      ],
    },
  });
  write('console.log("second", values.join());');
  await until("it is loaded anew", () => /^\[shape\] Reloaded .*shape\.ts$/m.test(at.printed()));
  await produce(at, "orders", ["two"]);
  await until("the new one has run", () => at.printed().includes("[shape] second two\n"));
  write("enum Broken { Yes }");
  await until("it is refused", () => /cannot be loaded: .*enum.*Records wait until it is mended\.$/m.test(at.printed()));
  await produce(at, "orders", ["three"]);
  await until("it was not answered", () => /^\[shape\] orders-0, offset 2: no answer: .*$/m.test(at.printed()));
  write("");
  await until("the record has arrived", () => events().length === 3);
  assert.deepEqual(valuesOf(events()), ["one", "two", "three"]);
  assert.equal(await at.stop(), 0);
});

test("what has failed is tried at once when its file is loaded anew", async () => {
  const { file, events, write } = handlerFile("mended", "process.stdout.write('tries'); throw new Error('not yet');");
  const at = await start(["--consumer", file, "--topic", "orders", "--from-beginning"]);
  await produce(at, "orders", ["one"]);
  await until("it waits for a while", () => at.printed().includes("Next: again in 8 s (retry 4)."));
  assert.match(
    at.printed(),
    /^\[mended\] triesError: not yet\n\[mended\] +at handler \(.*\n\[mended\] orders-0, offset 0: Error: not yet\. Next: again in 1 s/m,
  );
  const soonMs = Date.now() + 7_000;
  write("");
  await until("the record has arrived", () => events().length === 1);
  assert.ok(Date.now() < soonMs, "it was not waited for");
});

test("what fails is tried again, halved, and goes to the topic of failures; the rest arrives in order", async () => {
  const { file, events } = handlerFile("failing", 'if (values.some((value) => value.startsWith("bad"))) throw new TypeError("it is bad");');
  const flags = ["--bisect-batch-on-error", "--retry-attempts", "1", "--on-failure", "orders.failed", "--batch-size", "8"];
  const at = await start(["--consumer", file, "--topic", "orders", "--group", "billing", ...flags]);
  const values = Array.from({ length: 20 }, (_, nth) => (nth === 5 || nth === 13 ? `bad-${nth}` : String(nth)));
  await produce(at, "orders", values);
  await until("the good ones have arrived", () => new Set(valuesOf(events())).size === 18);
  assert.deepEqual(
    valuesOf(events()),
    values.filter((value) => !value.startsWith("bad")),
  );
  const dead: ConsumedRecord[] = [];
  for await (const record of connect({ url: at.url }).consume({ topic: "orders.failed", from: "earliest", until: "end", format: "text" }))
    dead.push(record);
  assert.deepEqual(
    dead.map(({ value }) => value),
    ["bad-5", "bad-13"],
  );
  assert.match(at.printed(), /^\[billing\] orders-0, offsets \d+ to \d+: TypeError: it is bad\. Next: again, in two parts\.$/m);
  assert.match(at.printed(), /^\[billing\] orders-0, offset 5: TypeError: it is bad\. Next: again in 1 s \(retry 1 of 1\)\.$/m);
  assert.match(
    at.printed(),
    /^\[billing\] orders-0, offset 5: TypeError: it is bad\. Next: given up after 2 calls, to kafka:\/\/orders\.failed\.$/m,
  );
  await until("all is told", () => at.printed().includes("offset 13: TypeError: it is bad. Next: given up"));
  assert.equal(at.printed().match(/given up/g)?.length, 2, "each in one line");
});

test("after kill -9 and a new start nothing is lost", async () => {
  const { file, events } = handlerFile("killed", "await new Promise((resolve) => setTimeout(resolve, 5));");
  const args = ["--consumer", file, "--topic", "orders", "--batch-size", "3", "--from-beginning"];
  const at = await start(args, "data-killed");
  assert.match(at.printed(), /^Calls \S*killed\.ts with the records of orders \(group killed, from the first record\)\.$/m);
  const first = Array.from({ length: 150 }, (_, nth) => String(nth));
  await produce(at, "orders", first);
  await until("it is at work", () => events().length >= 5);
  assert.equal(await at.stop("SIGKILL"), "SIGKILL");
  const done = valuesOf(events()).length;
  assert.ok(done < 150, "it was killed too late");
  const again = await start(args, "data-killed");
  await produce(again, "orders", ["last"]);
  await until("all have arrived", () => valuesOf(events()).at(-1) === "last");
  const all = valuesOf(events());
  assert.deepEqual([...new Set(all)], [...first, "last"], "each at least once, in order");
  assert.ok(all.length <= 151 + 3, "at most the batch that ran came twice");
});

test("SIGTERM lets a running call end and commits it", async () => {
  const { file, events } = handlerFile("slow", 'console.log("begun"); await new Promise((resolve) => setTimeout(resolve, 300));');
  const args = ["--consumer", file, "--topic", "orders", "--from-beginning"];
  const at = await start(args, "data-slow");
  await produce(at, "orders", ["one"]);
  await until("the call runs", () => at.printed().includes("[slow] begun\n"));
  assert.equal(await at.stop("SIGTERM"), 0);
  assert.equal(events().length, 1);
  const again = await start(args, "data-slow");
  await produce(again, "orders", ["two"]);
  await until("it goes on", () => events().length === 2);
  assert.deepEqual(valuesOf(events()), ["one", "two"]);
});

test("a pause holds over a stop and a kill, and is told at the start", async () => {
  const { file, events } = handlerFile("resting");
  const args = ["--consumer", file, "--topic", "orders", "--from-beginning"];
  let at = await start(args, "data-resting");
  await produce(at, "orders", ["one"]);
  await until("the record has arrived", () => events().length === 1);
  await connect({ url: at.url }).consumers.pause("resting");
  await until("it is told", () => /^\[resting\] Paused: .*stratalog consumers resume resting$/m.test(at.printed()));
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    await at.stop(signal);
    at = await start(args, "data-resting");
    assert.match(at.printed(), /^resting is paused: stratalog consumers resume resting$/m);
    const { state } = await connect({ url: at.url }).consumers.status("resting");
    assert.equal(state, "Disabled");
    await produce(at, "orders", [signal]);
  }
  const { consumers } = connect({ url: at.url });
  await consumers.resume("resting");
  await until("the others have arrived", () => valuesOf(events()).length === 3);
  assert.deepEqual(valuesOf(events()), ["one", "SIGTERM", "SIGKILL"]);
  assert.match(at.printed(), /^\[resting\] Resumed: /m);
  await consumers.delete("resting");
  await until("it is told", () => /^\[resting\] Its consumer was deleted: /m.test(at.printed()));
  await at.stop();
  at = await start(args, "data-resting");
  assert.match(at.printed(), /^Calls \S*resting\.ts with the records of orders \(group resting, from where it was\)\.$/m);
});

test("states tell what a server runs: a file that is broken, and a function that it was started without", async () => {
  const { file, events, write } = handlerFile("known");
  let at = await start(["--consumer", file, "--topic", "orders", "--from-beginning"], "data-known");
  const found = async () => {
    const { consumers } = connect({ url: at.url });
    const [{ state, partitions }, list] = [await consumers.status("known"), await consumers.list()];
    assert.deepEqual(
      list.consumers.map((each) => [each.group, each.state]),
      [["known", state]],
    );
    return `${state} ${partitions.map(({ leased }) => leased).join()}`;
  };
  assert.equal(await found(), "Enabled false");
  write("enum Broken { Yes }");
  await until("it is refused", () => at.printed().includes("Records wait until it is mended."));
  await produce(at, "orders", ["one"]);
  await until("it was not answered", () => at.printed().includes("no answer"));
  assert.equal(await found(), "Problem false");
  write("");
  await until("the record has arrived", () => events().length === 1);
  await at.stop();
  at = await start([], "data-known");
  assert.equal(await found(), "NotRunning false");
  const { stdout, stderr } = await runCommand(["consumers", "describe", "known"], { url: at.url });
  assert.match(stdout, /^State +NotRunning$/m);
  assert.match(stderr, /stratalog dev --consumer FILE --topic orders --group known; or: stratalog consumers delete known\n$/);
});

test("two functions, each with its topic, and records that one of them answers", async () => {
  const one = join(folder.path, "double.mjs");
  writeFileSync(
    one,
    `export const twice = async ({ records }) => ({
      records: Object.values(records).flat().map(({ value }) => ({ value: 2 * Number(Buffer.from(value, "base64").toString()) })),
    });`,
  );
  const two = handlerFile("doubled");
  const at = await start([
    "--consumer",
    `${one}#twice`,
    "--topic",
    "numbers",
    "--consumer",
    two.file,
    "--topic",
    "doubles",
    "--output-topic",
    "doubles",
    "--on-failure",
    "failed",
  ]);
  const notes = at.printed().match(/^Note: .*$/gm) ?? [];
  assert.match(notes.join("\n"), /^Note: doubled may write to doubles, .*$/);
  await produce(at, "numbers", ["1", "2", "3"]);
  await until("the doubles have arrived", () => valuesOf(two.events()).length === 3);
  assert.deepEqual(valuesOf(two.events()), ["2", "4", "6"]);
});

const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
  ["a file that is not there", ["--consumer", "none.ts", "--topic", "t"], /none\.ts cannot be loaded: The file is not there/],
  ["a flag without a function", ["--batch-size", "3"], /--batch-size belongs to a function: give --consumer FILE/],
  ["no topic", ["--consumer", "a.ts"], /Each --consumer needs its --topic.*\nSee: stratalog dev --help\n$/],
  ["two of one name", ["--consumer", "a.ts", "--topic", "t", "--consumer", "b/a.ts", "--topic", "u"], /share the group a/],
  ["engine aws", ["--engine", "aws", "--consumer", "a.ts", "--topic", "t"], /StratalogEventSource of stratalog\/cdk/],
  ["a topic's name that is none", ["--consumer", "a.ts", "--topic", "a/b"], /a\/b/],
  ["a filter that is none", ["--consumer", "a.ts", "--topic", "t", "--filter", "{"], /filter/i],
  ["a time out of range", ["--consumer", "a.ts", "--topic", "t", "--timeout", "0"], /--timeout must be 0\.001 to 870 seconds, not "0"/],
  ["a queue of AWS", ["--consumer", "a.ts", "--topic", "t", "--on-failure", "arn:aws:sqs:eu-west-1:123456789012:q"], /kafka:\/\/NAME/],
];
test("a port that is taken: nothing is made, neither the data folder nor topics", async () => {
  const { file } = handlerFile("late");
  const at = await start([]);
  const data = join(folder.path, "too-late");
  const { code, stdout, stderr } = await runCommand(["dev", "--port", String(at.port), "--data", data, "--consumer", file, "--topic", "t"]);
  assert.deepEqual([code, stdout, existsSync(data)], [1, "", false]);
  assert.match(stderr, /^stratalog: Cannot listen on .*\(unavailable\)\n$/);
});

for (const [name, args, message] of wrong) {
  test(`refused: ${name}`, async () => {
    const { code, stderr } = await runCommand(["dev", "--port", "0", "--data", join(folder.path, "unused"), ...args]);
    assert.match(stderr, message);
    assert.ok(code === 1 || code === 2);
    assert.equal(existsSync(join(folder.path, "unused")), false);
  });
}
