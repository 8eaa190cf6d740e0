import { access } from "node:fs/promises";
import { join, resolve } from "node:path";
import { serverSettings } from "../../config/settings.ts";
import { LogError } from "../../core/errors.ts";
import type { Finding } from "../../log/check/finding.ts";
import { nodeClock } from "../../node/clock.ts";
import { nodeCompression } from "../../node/compression.ts";
import { nodeRandom } from "../../node/random.ts";
import type { Engine } from "../../ports/engine.ts";
import { type Command, type Context, jsonFlag } from "../command.ts";
import { reportError } from "../report-error.ts";
import { exitCodes } from "../run.ts";
import { UsageError } from "../usage-error.ts";
import { CheckReport, endDeletions, printDeletion } from "./check-report.ts";

const { engine, data, table, bucket, region } = serverSettings;

/** What a check's exit status says. */
const status = { healthy: 0, faults: 1, failed: exitCodes.usage } as const;

export const check: Command = {
  path: ["check"],
  summary: "Check all that a log has, on disk or on DynamoDB and S3, and mend what can be mended safely.",
  details: [
    "It reads every entry, segment and batch with their checksums, and compares what the catalog says of them; faults come out as they are found. It changes nothing without --repair; opening a data folder makes an index that is missing anew.",
    "A log on disk must not be open: stop the server first. A log on AWS may be in use meanwhile.",
    "Exit codes: 0 healthy, or all faults were repaired; 1 faults are left; 2 the check could not be run to its end.",
  ],
  flags: {
    repair: {
      type: "boolean",
      doc: "Mend what touches no data: delete objects that nothing names, what is left of topics that are gone, and what writers left behind; put back topics' ids.",
    },
    garbage: { type: "boolean", doc: "Check nothing, and list all that the janitor is going to delete, when and why." },
    json: { ...jsonFlag.json, doc: "Print a line of JSON for each finding or deletion, and one at the end." },
  },
  settings: { engine, data, table, bucket, region },
  examples: [
    "stratalog check --data /var/lib/stratalog",
    "stratalog check --data /var/lib/stratalog --repair",
    "stratalog check --engine aws --table my-log --bucket my-log-bucket --region eu-west-1 --json",
    "stratalog check --garbage",
  ],
  run: async (context) => {
    const { args, io, json } = context;
    if (args.has("garbage") && args.has("repair")) throw new UsageError("--garbage only lists: leave out --repair.");
    try {
      return await (args.has("garbage") ? listGarbage(context) : runCheck(context));
    } catch (reason) {
      if (reason instanceof UsageError || io.signal.aborted) throw reason;
      await reportError(io, reason, json);
      return status.failed;
    }
  },
};

async function runCheck(context: Context): Promise<number> {
  const { args, io } = context;
  const report = new CheckReport(context, args.has("repair"));
  const opened = await openStore(context);
  if ("kind" in opened) {
    await report.tell(opened);
    return status.faults;
  }
  try {
    const { checkLog } = await import("../../log/check/check-log.ts");
    const parts = { clock: nodeClock, random: nodeRandom, compression: nodeCompression };
    const findings = checkLog(opened, parts, { onProgress: (counts) => report.progress(counts), signal: io.signal });
    for (;;) {
      const step = await findings.next();
      if (step.done !== true) await report.tell(step.value);
      else return (await report.end(step.value)) === 0 ? status.healthy : status.faults;
    }
  } finally {
    await opened.close();
  }
}

async function listGarbage(context: Context): Promise<number> {
  const opened = await openStore(context);
  if ("kind" in opened) throw new LogError("corrupt_log", opened.message);
  try {
    const { plannedDeletions } = await import("../../log/check/planned-deletions.ts");
    let [deletions, objects] = [0, 0];
    const parts = { clock: nodeClock, random: nodeRandom, compression: nodeCompression };
    for await (const deletion of plannedDeletions(opened, parts)) {
      if (context.io.signal.aborted) return status.healthy;
      await printDeletion(context, deletion);
      deletions++;
      objects += deletion.keys.length;
    }
    await endDeletions(context, deletions, objects);
    return status.healthy;
  } finally {
    await opened.close();
  }
}

/** The engine; a finding when the log is too damaged to be opened. */
async function openStore(context: Context): Promise<Engine | Finding> {
  const { setting } = context;
  const name = setting(engine);
  if (name === "memory") throw new UsageError("A log in memory ends with its server: there is nothing to check.");
  if (name === "aws") {
    const named = { table: setting(table), bucket: setting(bucket) };
    if (named.table === "" || named.bucket === "") {
      throw new UsageError("The aws engine needs --table and --bucket (or STRATALOG_TABLE and STRATALOG_BUCKET).");
    }
    const { openCheckedAwsEngine } = await import("../../aws/open-engine.ts");
    return await openCheckedAwsEngine({ ...named, ...(setting(region) !== "" && { region: setting(region) }) });
  }
  const folder = resolve(setting(data));
  await ensureThere(folder);
  const { openLocalEngine } = await import("../../engines/local/index.ts");
  try {
    return await openLocalEngine(folder);
  } catch (reason) {
    const { code, message } = LogError.from(reason);
    if (code !== "corrupt_log") throw reason;
    return { isFault: true, kind: "damaged", what: "journal", where: { key: folder }, message: `The log cannot be opened: ${message}` };
  }
}

/** Opening a folder that has no log makes one there. */
async function ensureThere(folder: string): Promise<void> {
  const isThere = async (name: string): Promise<boolean> => {
    try {
      await access(join(folder, name));
      return true;
    } catch {
      return false;
    }
  };
  if ((await isThere("format")) || (await isThere("journal"))) return;
  throw new LogError("not_found", `There is no log in ${folder}: give its data folder with --data.`);
}
