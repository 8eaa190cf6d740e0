/** Functions of files, in threads of their own. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
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
