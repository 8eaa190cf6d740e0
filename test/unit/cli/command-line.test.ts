import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { commands } from "../../../lib/cli/commands/index.ts";
import { parseCommandLine } from "../../../lib/cli/args.ts";
import type { Command } from "../../../lib/cli/command.ts";
import type { Io } from "../../../lib/cli/io.ts";
import { runCommandLine } from "../../../lib/cli/run.ts";
import { suggest } from "../../../lib/client/suggest.ts";
import { UsageError } from "../../../lib/cli/usage-error.ts";

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(argv: readonly string[], of: readonly Command[] = commands): Promise<Ran> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const io: Io = { stdin, stdout, stderr, env: {}, signal: new AbortController().signal, outputGone: () => false };
  const code = await runCommandLine(of, argv, io, "1.2.3");
  const text = (stream: PassThrough) => String((stream.read() as Buffer | null) ?? "");
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** A command line as a shell splits it, as far as the examples need it. */
function words(line: string): string[] {
  return (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ""));
}

test("every command has help with examples, and every example is a command line that it takes", async () => {
  for (const command of commands) {
    const { code, stdout } = await run([...command.path, "--help"]);
    assert.equal(code, 0);
    assert.ok(command.examples.length > 0);
    for (const example of command.examples) {
      assert.ok(stdout.includes(example));
      const own = example.split("|").find((part) => part.includes("stratalog "));
      const [program, ...argv] = words(own ?? "");
      assert.equal(program, "stratalog", example);
      const shown = argv.slice(0, command.path.length);
      const names = [command.path.at(-1), ...(command.aliases ?? [])];
      assert.ok(names.includes(shown.at(-1)), example);
      parseCommandLine(command, argv.slice(command.path.length));
    }
  }
});

test("help and version, in all their forms", async () => {
  for (const argv of [["--help"], ["-h"], ["help"]]) {
    const { code, stdout } = await run(argv);
    assert.equal(code, 0);
    const unwrapped = stdout.replaceAll(/\s+/g, " ");
    for (const command of commands) assert.ok(unwrapped.includes(command.summary));
  }
  assert.equal((await run([])).code, 2);
  assert.equal((await run(["--version"])).stdout, "1.2.3\n");
  assert.equal((await run(["help", "produce"])).stdout, (await run(["produce", "--help"])).stdout);
  assert.equal((await run(["topics", "--help"])).code, 0);
  assert.equal((await run(["topics"])).code, 2);
});

test("flags: unknown, without their value, with one too many, more than once", () => {
  const command: Command = {
    path: ["do"],
    summary: "",
    positionals: [
      { name: "WHAT", doc: "it" },
      { name: "MORE", doc: "it", optional: true },
    ],
    flags: { size: { type: "string", doc: "" }, fast: { type: "boolean", doc: "" } },
    examples: [],
    run: () => Promise.resolve(0),
  };
  const parse = (...argv: string[]) => parseCommandLine(command, argv);
  const refused = (pattern: RegExp, ...argv: string[]) => {
    assert.throws(
      () => parse(...argv),
      (error: unknown) => error instanceof UsageError && pattern.test(error.message),
    );
  };
  refused(/There is no flag --siz\. Did you mean "--size"\?/, "a", "--siz=1");
  refused(/There is no flag -x\./, "a", "-x");
  refused(/There is no flag --constructor/, "a", "--constructor");
  refused(/--size needs a value/, "a", "--size");
  refused(/--size needs a value/, "a", "--size", "--fast");
  refused(/--fast takes no value/, "a", "--fast=yes");
  refused(/WHAT is missing/);
  refused(/"c" is one argument too many/, "a", "b", "c");
  const args = parse("--size", "1", "a", "--size=2_000", "--", "--fast");
  assert.deepEqual(
    [args.text("size"), args.all("size"), args.has("fast"), args.positionals],
    ["2_000", ["1", "2_000"], false, ["a", "--fast"]],
  );
  assert.equal(args.integer("size", 0, 2_000), 2_000);
  assert.throws(() => args.integer("size", 0, 1_999), UsageError);
  assert.equal(parse("a", "--size", "-5").integer("size", -10, 10), -5);
  assert.throws(() => parse("a", "--size", "1e3").integer("size", 0, 2_000), UsageError);
  assert.ok(parse("--help").has("help"), "help needs nothing else");
});

test("an error that is no LogError is told as internal, with exit code 1", async () => {
  const failing: Command = { path: ["fail"], summary: "", flags: {}, examples: [], run: () => Promise.reject(new TypeError("odd")) };
  const { code, stderr } = await run(["fail"], [failing]);
  assert.deepEqual([code, stderr], [1, "stratalog: odd It is not known whether it was done. (internal)\n"]);
});

test("what was meant is what is close, and nothing when nothing is", () => {
  const words = ["topics", "produce", "consume", "offsets"];
  assert.equal(suggest("topcis", words), "topics");
  assert.equal(suggest("prod", words), "produce");
  assert.equal(suggest("comsume", words), "consume");
  assert.equal(suggest("xyz", words), undefined);
  assert.equal(suggest("", words), undefined);
});
