/** Functions of files, in threads of their own. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { limits } from "../../../../lib/core/limits.ts";
import { CallFailed } from "../../../../lib/log/consumers/consumers.ts";
import { Handler } from "../../../../lib/server/delivery/handler.ts";
import { temporaryFolder } from "../../../e2e/start-server.ts";
import { until } from "../../../e2e/until.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
before(async () => {
  folder = await temporaryFolder();
});
after(() => folder.remove());

let files = 0;
const lines: string[] = [];
const print = (line: string): void => void lines.push(line);

function write(code: string, extension = "ts"): string {
  const path = join(folder.path, `handler-${files++}.${extension}`);
  writeFileSync(path, code);
  return path;
}

const open = (source: string) => Handler.open({ name: "fn", source, print });
const call = (handler: Handler, event: unknown, timeoutMs = 5_000) => handler.call(JSON.stringify(event), timeoutMs, "t-0", undefined);

const answers: readonly (readonly [string, string, string, unknown])[] = [
  ["a promise", "export const handler = async (event: object) => ({ event });", "ts", { event: { a: 1 } }],
  ["a value", "exports.handler = (event) => [event.a];", "cjs", [1]],
  ["a callback", "export function handler(event, context, callback) { setTimeout(() => callback(null, event.a), 1); }", "mjs", 1],
  ["a callback of an async function", "export const handler = async (e, c, callback) => { callback(null, 2); return 3; };", "mjs", 2],
  ["the context's own end", "module.exports = { ['hand' + 'ler']: (event, context, callback) => context.succeed(4) };", "cjs", 4],
  ["nothing", "export const handler = async () => {};", "js", undefined],
  [
    "what JSON makes of it",
    "export const handler = async () => ({ at: new Date(0), none: undefined, not: NaN });",
    "js",
    { at: "1970-01-01T00:00:00.000Z", not: null },
  ],
];
for (const [name, code, extension, expected] of answers) {
  test(`an answer: ${name}`, async () => {
    const handler = await open(write(code, extension));
    try {
      assert.deepEqual(await call(handler, { a: 1 }), expected);
    } finally {
      await handler.close();
    }
  });
}

test("another export, and the context", async () => {
  const source = write(`export const other = async (_: unknown, context: any) => {
    const { functionName, awsRequestId, invokedFunctionArn, functionVersion } = context;
    return { functionName, awsRequestId, invokedFunctionArn, functionVersion, leftMs: context.getRemainingTimeInMillis() };
  };`);
  const handler = await open(`${source}#other`);
  try {
    const told = (await call(handler, {}, 5_000)) as Record<string, string | number>;
    assert.equal(told["functionName"], "fn");
    assert.match(String(told["awsRequestId"]), /^[0-9a-f-]{36}$/);
    assert.match(String(told["invokedFunctionArn"]), /^arn:aws:lambda:.*:function:fn$/);
    assert.ok(Number(told["leftMs"]) > 0 && Number(told["leftMs"]) <= 5_000);
  } finally {
    await handler.close();
  }
});

test("whatever a function does fails its own call, and the next one runs", async () => {
  const source = write(`
    export const handler = async (event: string) => {
      const bad = { throw: () => { throw new RangeError("thrown"); }, text: () => { throw "text"; }, cycle: () => { const a = {}; a.a = a; return a; },
        exit: () => process.exit(3), loop: () => { for (;;); }, forever: () => new Promise(() => setInterval(() => {}, 1000)),
        late: () => { setTimeout(() => { throw new Error("late"); }, 1); return new Promise(() => {}); },
        rejected: () => { Promise.reject(new Error("nobody's")); return new Promise(() => {}); }, fine: () => "fine" };
      console.log("does", event);
      return await bad[event]();
    };`);
  const handler = await open(source);
  const failures: readonly (readonly [string, RegExp])[] = [
    ["throw", /^RangeError: thrown$/],
    ["text", /text$/],
    ["cycle", /^Runtime\.MarshalError: /],
    ["exit", /^Runtime\.ExitError: .* exit status 3$/],
    ["loop", /^Sandbox\.Timedout: Task timed out after 2\.00 seconds$/],
    ["forever", /^Sandbox\.Timedout: /],
    ["late", /^Error: late$/],
    ["rejected", /^Error: nobody's$/],
  ];
  try {
    for (const [event, message] of failures) {
      await assert.rejects(call(handler, event, 2_000), (reason) => {
        assert.ok(reason instanceof CallFailed);
        assert.deepEqual([reason.kind, reason.functionError, reason.requestId.length], ["function", "Unhandled", 36], event);
        assert.match(reason.message, message);
        return true;
      });
      assert.equal(await call(handler, "fine"), "fine", `after ${event}`);
    }
    assert.ok(lines.includes("does loop"));
    assert.ok(lines.some((line) => line.startsWith("RangeError: thrown")));
  } finally {
    await handler.close();
  }
});

test("what a function prints comes in its order, all of it before its call ends, and a stack has its own frames", async () => {
  const source = write(`
    class Refused extends Error { code = "no"; }
    function check(): never { throw new Refused("no stock", { cause: new Error("none left") }); }
    export const handler = async (event: string) => {
      for (let nth = 0; nth < 3; nth++) { console.log("out", nth); console.error("error", nth); }
      process.stdout.write(Buffer.from("é").subarray(0, 1));
      process.stdout.write(Buffer.from("é").subarray(1));
      process.stdout.write("616263", "hex");
      process.stderr.write(" and ");
      if (event === "throw") check();
      if (event === "exit") process.exit(1);
      if (event === "late") { setTimeout(() => check()); return await new Promise(() => {}); }
      if (event === "loop") for (;;);
      process.stdout.write("the rest\\r");
    };`);
  const handler = await open(source);
  const begin = ["out 0", "error 0", "out 1", "error 1", "out 2", "error 2"];
  const linesOf = async (event: string): Promise<readonly string[]> => {
    const from = lines.length;
    await call(handler, event, 2_000).catch(() => undefined);
    return lines.slice(from);
  };
  try {
    assert.deepEqual(await linesOf("return"), [...begin, "éabc and the rest"]);
    for (const event of ["exit", "loop"]) assert.deepEqual(await linesOf(event), [...begin, "éabc and "], event);
    for (const event of ["throw", "late"]) {
      const printed = await linesOf(event);
      const text = printed.join("\n");
      assert.deepEqual(printed.slice(0, 6), begin, event);
      assert.match(text, /éabc and (\n)?(Refused \[Error\]|Error): no stock\n {4}at check \(file:.*handler-\d+\.ts:3:\d+\)\n/, event);
      assert.doesNotMatch(text, /invoke\.ts|handler-worker\.ts|node:internal/, event);
    }
  } finally {
    await handler.close();
  }
});

test("who prints without end waits while nobody reads, until its time is over", async () => {
  const handler = await open(
    write(
      'export const handler = (event: string) => { const line = "x".repeat(10_000); while (event === "flood") console.log(line); return 1; };',
    ),
  );
  try {
    const from = lines.length;
    const flood = call(handler, "flood", 500);
    await assert.rejects(flood, /Task timed out/);
    const printed = lines.length - from;
    assert.ok(printed > 10);
    assert.equal(await call(handler, "fine"), 1);
    assert.ok(lines.length - from - printed <= 2 * (limits.localOutputCharsMax / 10_000), "what was on its way");
  } finally {
    await handler.close();
  }
});

test("calls at once have threads of their own", async () => {
  const handler = await open(
    write(
      "let calls = 0; export const handler = async () => { const at = ++calls; await new Promise((r) => setTimeout(r, 100)); return at === calls; };",
    ),
  );
  try {
    assert.deepEqual(await Promise.all(Array.from({ length: 12 }, () => call(handler, {}))), Array(12).fill(true));
  } finally {
    await handler.close();
  }
});

const broken: readonly (readonly [string, string, RegExp])[] = [
  [
    "syntax that types alone cannot be left out of",
    "enum A { B }\nexport const handler = () => A.B;",
    /enum is not supported.*erasableSyntaxOnly.*handler-\d+\.ts:1\)/,
  ],
  ["a fault in its syntax", "export const handler =\n ( => 1;", /SyntaxError: .*handler-\d+\.ts:2\)/],
  [
    "a module that is not there",
    "import './none.ts'; export const handler = () => 1;",
    /ERR_MODULE_NOT_FOUND|Cannot find module .*none\.ts.*extension/,
  ],
  ["an error of its own", "\n\nthrow new Error('no database');", /Error: no database \(.*handler-\d+\.ts:3\)/],
  ["no such export", "export const other = () => 1;", /There is no export handler\. It exports other: .*#other\./],
  ["an export that is no function", "export const handler = 1;", /handler is no function, but number/],
  ["an end of its process", "process.exit(7);", /exit status 7/],
];
for (const [name, code, message] of broken) {
  test(`a file with ${name} is refused with a reason`, async () => {
    await assert.rejects(open(write(code)), (reason: Error) => (assert.match(reason.message, message), true));
  });
}

test("a file that is not there is refused with a reason", async () => {
  await assert.rejects(open(join(folder.path, "none.ts")), /none\.ts cannot be loaded: The file is not there/);
});

test("a folder is refused with a reason", async () => {
  await assert.rejects(open(folder.path), /cannot be loaded: It is a folder: name the file in it/);
});

test("a file that takes long to load is told of before it has loaded", async () => {
  const from = lines.length;
  const opening = open(write("await new Promise((resolve) => setTimeout(resolve, 2_500)); export const handler = () => 1;"));
  await until("it is told", () => lines.length > from);
  assert.match(lines[from] ?? "", /handler-\d+\.ts still loads\. It has 10 s\.$/);
  await (await opening).close();
});

test("it is loaded anew when it changes, or what it imports; while it is broken, calls wait", async () => {
  const part = write("export const answer: number = 1;");
  const source = write(`import { answer } from "${part}"; export const handler = async () => answer;`);
  const handler = await open(source);
  const printed = (pattern: RegExp): Promise<void> => {
    const from = lines.length;
    return until(String(pattern), () => lines.slice(from).some((line) => pattern.test(line)));
  };
  try {
    assert.equal(await call(handler, {}), 1);
    let said = printed(/^Reloaded .*handler-\d+\.ts$/);
    writeFileSync(part, "export const answer: number = 2;");
    await said;
    assert.equal(await call(handler, {}), 2);
    said = printed(/cannot be loaded: .* Records wait until it is mended\.$/);
    writeFileSync(source, "export const handler = ( => 1;");
    await said;
    await assert.rejects(call(handler, {}), (reason) => reason instanceof CallFailed && reason.kind === "unavailable");
    const waiting = call(handler, {});
    const stop = new AbortController();
    const stopped = handler.call("{}", 1_000, "t-0", stop.signal);
    stop.abort();
    await assert.rejects(stopped, (reason) => reason instanceof CallFailed && reason.kind === "unavailable");
    said = printed(/^Reloaded /);
    writeFileSync(source, "export const handler = async () => 3;");
    await said;
    assert.equal(await waiting, 3);
  } finally {
    await handler.close();
  }
});
