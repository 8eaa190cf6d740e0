import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  adminTokenEnv,
  allowedHostsFrom,
  type Credentials,
  hasCredentials,
  quotasFromSettings,
  securityFromSettings,
  securitySettings,
} from "../../config/security-settings.ts";
import { serverSettings } from "../../config/settings.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { nodeClock } from "../../node/clock.ts";
import { nodeRandom } from "../../node/random.ts";
import type { Engine } from "../../ports/engine.ts";
import type { LogLevel, Telemetry } from "../../ports/telemetry.ts";
import type { RunningServer, ServerTelemetryOptions, TriggerOptions } from "../../server/index.ts";
import { isLoopback } from "../../server/hosts.ts";
import { type Command, type Context, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";
import { watchNpm } from "../npm-parent.ts";
import { UsageError } from "../usage-error.ts";
import { consumerWarnings } from "./consumer-warnings.ts";
import { consumerFlags, triggersOf } from "./serve-consumers.ts";

const lockWaitMs = 3_000;
const lockLookMs = 100;

export const serve: Command = {
  path: ["serve"],
  aliases: ["dev"],
  summary: "Run the log: on this machine's disk, or on DynamoDB and S3.",
  details: [
    "Without credentials it listens on this machine only. STRATALOG_ADMIN_TOKEN, --jwt-issuer or --tokens on make it ask everyone for credentials, and ACLs say who may do what.",
    "With --consumer it calls a function of this machine with a topic's records, as Lambda does for a cluster of MSK: in order within a partition, with retries. It is loaded anew when its file changes.",
    "Every acknowledged record is on disk. Ctrl-C (or SIGTERM) ends it gracefully; after a kill or a power cut it starts again as it was.",
  ],
  flags: { ...jsonFlag, json: { type: "boolean", doc: "Print where it listens as one line of JSON." }, ...consumerFlags },
  settings: { ...serverSettings, ...securitySettings },
  examples: [
    "stratalog serve",
    "stratalog serve --metrics on --log-level debug",
    "stratalog serve --port 7071 --data /var/lib/stratalog",
    "stratalog dev --port 0 --engine memory",
    "stratalog dev --consumer ./handler.ts --topic orders --from-beginning --on-failure orders-failed --retry-attempts 2",
    "stratalog serve --host 0.0.0.0 --jwt-issuer https://login.example.com/ --jwt-audience stratalog",
    "stratalog serve --engine aws --table my-log --bucket my-log-bucket --region eu-west-1",
  ],
  run: async (context) => {
    const { io, setting } = context;
    const port = Number(setting(serverSettings.port));
    const host = setting(serverSettings.host);
    const engineName = setting(serverSettings.engine);
    const data = engineName === "local" ? resolve(setting(serverSettings.data)) : undefined;
    const triggers = triggersOf(context, engineName);
    const credentials = credentialsOf(context);
    const allowedHosts = allowedHostsFrom(setting);
    const server = await start(context, data, { host, port, engineName, credentials, allowedHosts, triggers });
    if (credentials !== undefined && !isLoopback(host)) {
      await say(
        context,
        `Listening on ${host} without TLS: put a proxy with TLS in front of it, or credentials and records can be read on the way.`,
      );
    }
    for (const { consumer } of triggers?.functions ?? []) {
      for (const warning of consumerWarnings(consumer)) triggers?.print(`Note: ${warning}`);
    }
    const pidFile = data === undefined ? undefined : join(data, "pid");
    // A convenience: a full disk must not keep the log from serving reads.
    if (pidFile !== undefined) await writeFile(pidFile, `${process.pid}\n`).catch(() => undefined);
    const facts = { url: server.url, port: server.port, engine: engineName, data: data ?? null, pid: process.pid };
    await answer(context, facts, () => welcome(server, whereOf(context, engineName, data), io.env, triggers));
    await ended(context);
    await say(context, "Closing: finishing what runs. Once more ends it at once.");
    await server.close();
    if (pidFile !== undefined) await rm(pidFile, { force: true }).catch(() => undefined);
    return 0;
  },
};

/** Resolves on a signal, or when the npm that runs this is gone. */
async function ended({ io }: Context): Promise<void> {
  const orphaned = new AbortController();
  const unwatch = watchNpm(io.env, () => orphaned.abort());
  const signal = AbortSignal.any([io.signal, orphaned.signal]);
  if (!signal.aborted) await once(signal, "abort");
  unwatch();
}

interface Listen {
  readonly host: string;
  readonly port: number;
  readonly engineName: string;
  readonly credentials: Credentials | undefined;
  readonly allowedHosts: readonly string[];
  readonly triggers: TriggerOptions | undefined;
}

/** Undefined where none are configured. @throws UsageError for settings that would look as if there were some */
function credentialsOf({ io, setting }: Context): Credentials | undefined {
  const credentials = usage(() => securityFromSettings(setting, io.env));
  if (hasCredentials(credentials)) return credentials;
  if (credentials.superUsers === undefined && credentials.allowedOrigins === undefined) return undefined;
  throw new UsageError(`Super users and origins need a way to tell who calls: ${adminTokenEnv}, --jwt-issuer or --tokens on.`);
}

function usage<T>(read: () => T): T {
  try {
    return read();
  } catch (reason) {
    throw reason instanceof LogError ? new UsageError(reason.message) : reason;
  }
}

/** A data folder that was made for a start that fails is gone after it. */
async function start(context: Context, data: string | undefined, listen: Listen): Promise<RunningServer> {
  if (data === undefined) return await startIn(context, data, listen);
  const { prepareDataFolder } = await import("../../server/data-folder.ts");
  const folder = await prepareDataFolder(data);
  try {
    return await startIn(context, data, listen);
  } catch (reason) {
    await folder.discard();
    throw reason;
  }
}

/** Loaded only here: the other commands talk to a server and start faster without it. */
async function startIn(context: Context, data: string | undefined, listen: Listen): Promise<RunningServer> {
  const { serverTelemetry, startServer } = await import("../../server/index.ts");
  const telemetry = serverTelemetry(telemetryOptions(context));
  const engine = await open(context, data, listen.engineName, telemetry.telemetry);
  try {
    return await startServer({
      engine,
      telemetry,
      janitorIntervalMs: janitorIntervalMs(context, listen.engineName),
      offsetsRetentionMs: 60_000 * Number(context.setting(serverSettings.offsetsRetention)),
      enforcesQuotas: quotasFromSettings(context.setting) ?? listen.engineName !== "aws",
      ...listen,
    });
  } catch (reason) {
    await engine.close();
    throw reason;
  }
}

function janitorIntervalMs({ setting }: Context, engineName: string): number {
  const seconds = setting(serverSettings.janitorInterval);
  if (seconds !== "") return 1_000 * Number(seconds);
  return engineName === "aws" ? limits.janitorSharedIntervalMs : limits.janitorIntervalMs;
}

function telemetryOptions({ io: { stderr }, setting }: Context): ServerTelemetryOptions {
  const { metrics, logLevel, logFormat } = serverSettings;
  const format = setting(logFormat);
  return {
    metrics: setting(metrics) === "on",
    level: setting(logLevel) as LogLevel,
    format: format === "text" || (format === "auto" && stderr.isTTY === true) ? "text" : "json",
    clock: nodeClock,
    random: nodeRandom,
    write(line) {
      // Nobody waits for a log's reader: what a slow one has no room for is left out.
      if (stderr.writableLength < limits.logBytesWaitingMax) stderr.write(line);
    },
  };
}

async function open(context: Context, data: string | undefined, engineName: string, telemetry: Telemetry | undefined): Promise<Engine> {
  if (engineName === "aws") return await openAws(context, telemetry);
  if (data === undefined) {
    const { createMemoryEngine } = await import("../../engines/memory/index.ts");
    return createMemoryEngine();
  }
  const { openLocalEngine } = await import("../../engines/local/index.ts");
  // The process before this one may be closing still.
  for (let waitedMs = 0; ; waitedMs += lockLookMs) {
    try {
      return await openLocalEngine(data);
    } catch (reason) {
      const error = LogError.from(reason);
      if (error.code !== "unavailable" || waitedMs >= lockWaitMs || context.io.signal.aborted) throw reason;
      if (waitedMs === 0) await say(context, `${error.message} Waiting ${lockWaitMs} ms for it.`);
      await sleep(lockLookMs);
    }
  }
}

async function openAws(context: Context, telemetry: Telemetry | undefined): Promise<Engine> {
  const { openCheckedAwsEngine } = await import("../../aws/open-engine.ts");
  return await openCheckedAwsEngine({ ...awsOptions(context), telemetry });
}

function awsOptions({ setting }: Context): {
  readonly table: string;
  readonly bucket: string;
  readonly region?: string;
  readonly lingerMs: number;
} {
  const { table, bucket, region, linger } = serverSettings;
  const named = { table: setting(table), bucket: setting(bucket) };
  if (named.table === "" || named.bucket === "") {
    throw new UsageError("The aws engine needs --table and --bucket (or STRATALOG_TABLE and STRATALOG_BUCKET).");
  }
  return { ...named, lingerMs: Number(setting(linger)), ...(setting(region) !== "" && { region: setting(region) }) };
}

function whereOf(context: Context, engineName: string, data: string | undefined): string {
  if (data !== undefined) return `Data folder: ${data}`;
  if (engineName === "memory") return "In memory only: everything is gone when it ends.";
  const { table, bucket } = awsOptions(context);
  return `DynamoDB table ${table}, S3 bucket ${bucket}`;
}

function welcome({ url }: RunningServer, store: string, env: Context["io"]["env"], triggers: TriggerOptions | undefined): string {
  // In a clone npm finds the command; where it is installed, the shell does.
  const name = import.meta.url.endsWith(".ts") ? "npx stratalog" : "stratalog";
  const where = url === (env["STRATALOG_URL"] ?? "http://127.0.0.1:7070") ? "" : ` --url ${url}`;
  const first = triggers?.functions[0]?.consumer;
  const topic = first?.topic ?? "orders";
  const produce = `echo 'alice:one book' | ${name} produce ${topic} --key-separator :`;
  const lines =
    first === undefined
      ? [`${name} topics create ${topic} --partitions 6`, produce, `${name} consume ${topic} --from-beginning --max 1`]
      : [produce, `${name} consumers describe ${quoted(first.group)}`];
  return [
    `Stratalog listens on ${url}`,
    store,
    "",
    `${first === undefined ? "Three" : "Two"} lines to try, in another terminal:`,
    ...lines.map((line) => `  ${line}${where}`),
    "",
    "",
  ].join("\n");
}

/** As a shell takes it for one word. */
function quoted(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
