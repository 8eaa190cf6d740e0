/** Of a function's error its author reads where in his files it came from. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ownFrames } from "../../../../lib/server/delivery/own-frames.ts";

const invoke = new URL("../../../../lib/server/delivery/invoke.ts", import.meta.url).href;
const [own, other] = ["    at check (file:///app/orders.ts:3:5)", "    at handler (file:///app/handler.ts:9:1)"];
const ours = `    at invoke (${invoke}:25:20)`;
const node = "    at process.processTicksAndRejections (node:internal/process/task_queues:104:5)";

const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["frames below the last own one go", ["Error: no", own, node, other, ours, node], ["Error: no", own, node, other]],
  ["of a stack without own ones all stay", ["Error: no", node, ours, node], ["Error: no", node, ours, node]],
  [
    "each stack by itself, with what comes after it",
    [
      "Error: no",
      own,
      "    ... 4 lines matching cause stack trace ...",
      `${node} {`,
      "  code: 1,",
      "  [cause]: Error: why",
      `  ${other}`,
      `  ${ours}`,
      `  ${node}`,
      "}",
    ],
    ["Error: no", `${own} {`, "  code: 1,", "  [cause]: Error: why", `  ${other}`, "}"],
  ],
  ["what is no stack stays", ["text", "", "more"], ["text", "", "more"]],
];
for (const [name, given, expected] of cases) {
  test(name, () => assert.deepEqual(ownFrames(given.join("\n")).split("\n"), expected));
}
