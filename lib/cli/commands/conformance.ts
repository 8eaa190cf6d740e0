import { clientSettings } from "../../config/settings.ts";
import type { HttpCase } from "../../testing/conformance/http.ts";
import { type Command, type Context, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";
import { write } from "../io.ts";

const caseMsMax = 60_000;

export const conformance: Command = {
  path: ["conformance"],
  summary: "Check a server against the HTTP API, case by case.",
  details: ["Each case makes topics of its own and deletes them. A server that passes all of them is a Stratalog."],
  client: true,
  positionals: [{ name: "URL", doc: "the server; default --url", optional: true }],
  flags: {
    filter: { type: "string", value: "TEXT", doc: "Only cases whose name contains it." },
    list: { type: "boolean", doc: "List the cases and run none." },
    ...jsonFlag,
  },
  examples: ["stratalog conformance http://127.0.0.1:7070", "stratalog conformance --filter idempot --json"],
  run: async (context) => {
    const { args, io } = context;
    const { httpCases } = await import("../../testing/conformance/http.ts");
    const cases = httpCases.filter(({ name }) => name.includes(args.text("filter") ?? ""));
    if (args.has("list")) {
      await answer(context, { cases: cases.map(({ name }) => name) }, () => cases.map(({ name }) => `${name}\n`).join(""));
      return 0;
    }
    const baseUrl = (args.positionals[0] ?? context.setting(clientSettings.url)).replace(/\/+$/, "");
    const results: Result[] = [];
    for (const one of cases) {
      if (io.signal.aborted) break;
      results.push(await runCase(context, one, baseUrl));
    }
    const failed = results.filter(({ error }) => error !== undefined);
    const passed = results.length - failed.length;
    await answer(context, { url: baseUrl, passed, failed: failed.length, results }, () => `${passed} passed, ${failed.length} failed\n`);
    if (results.length === 0) await say(context, "No case was run.");
    return failed.length === 0 && results.length > 0 ? 0 : 1;
  },
};

interface Result {
  readonly name: string;
  readonly elapsedMs: number;
  readonly error?: string;
}

async function runCase({ io, json }: Context, one: HttpCase, baseUrl: string): Promise<Result> {
  const { name } = one;
  const startMs = performance.now();
  const elapsed = () => Math.round(performance.now() - startMs);
  try {
    await bounded(one.run({ baseUrl }));
    if (!json) await write(io, io.stdout, `ok    ${name} (${elapsed()} ms)\n`);
    return { name, elapsedMs: elapsed() };
  } catch (reason) {
    const error = reason instanceof Error ? reason.message : String(reason);
    if (!json) await write(io, io.stdout, `FAIL  ${name}\n${error.replaceAll(/^/gm, "      ")}\n`);
    return { name, elapsedMs: elapsed(), error };
  }
}

async function bounded(run: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`The case did not end within ${caseMsMax} ms.`)), caseMsMax);
  try {
    await Promise.race([run, late]);
  } finally {
    clearTimeout(timer);
  }
}
