import { once } from "node:events";
import type { Server } from "node:http";
import type { Credentials } from "../config/security-settings.ts";
import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import { createApp } from "../http/app.ts";
import { createSecurity } from "../http/auth/create-security.ts";
import { createLog } from "../log/create-log.ts";
import { createJanitor, type Janitor } from "../log/janitor.ts";
import type { Log } from "../log/log.ts";
import { nodeClock } from "../node/clock.ts";
import { nodeCompression } from "../node/compression.ts";
import { nodeRandom } from "../node/random.ts";
import type { Engine } from "../ports/engine.ts";
import { type ServerTelemetry, stackText } from "../telemetry/server.ts";
import { checkBindHost, hostRule, isLoopback, urlOf } from "./hosts.ts";
import { tendInBackground } from "./background.ts";
import { Bell } from "./delivery/bell.ts";
import { knowingLog } from "./delivery/knowing-log.ts";
import { tellingLog } from "./delivery/telling-log.ts";
import { type TriggerOptions, Triggers } from "./delivery/triggers.ts";
import { createNodeServer } from "./node-shell.ts";
import { packageVersion } from "./version.ts";

export interface ServerOptions {
  /** What the log runs on. Closed with the server. This or `log`. */
  readonly engine?: Engine;
  /** A log that is there already. Closed with the server. */
  readonly log?: Log;
  /** The engine's name in `GET /health`. Default "custom". */
  readonly engineName?: string;
  /** Who is let in. Default: everyone on this machine. */
  readonly credentials?: Credentials | undefined;
  /** Whether callers are held to their quotas; with `engine`. Default: where no other process shares the engine. */
  readonly enforcesQuotas?: boolean | undefined;
  /** With `engine`: how often the janitor looks around, which seals, merges, lets expire and frees; 0: never, as something else does. Default 10 s. */
  readonly janitorIntervalMs?: number | undefined;
  /** How long a consumer group without members is kept. Default `limits.offsetsRetentionMinutesDefault`, in milliseconds. */
  readonly offsetsRetentionMs?: number | undefined;
  /** 127.0.0.1 (default), ::1 or localhost; with credentials any address. It speaks HTTP: put TLS in front where others can listen. */
  readonly host?: string;
  /** Default 7070; 0 takes a free one. */
  readonly port?: number;
  /** More `Host` names to serve, with or without a port: for a proxy or a container's forwarded port. */
  readonly allowedHosts?: readonly string[];
  /** Hears of faults in Stratalog itself. Default: telemetry's log, else standard error. */
  readonly reportFault?: ((error: LogError) => void) | undefined;
  /** Functions of this machine that are called with topics' records. Default: none. */
  readonly triggers?: TriggerOptions | undefined;
  /** Metrics, for `GET /metrics`, log lines and trace ids; give its `telemetry` to an `aws` engine too. Default: none. */
  readonly telemetry?: ServerTelemetry | undefined;
}

export interface RunningServer {
  /** Such as `http://127.0.0.1:7070`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Takes no more requests, ends waits and streams, finishes requests and functions that run within `limits.closeGraceMs`, closes the log. Repeating it is harmless. */
  close(): Promise<void>;
}

/**
 * Serves a log over HTTP on this machine.
 * @throws forbidden for an address that other machines can reach, without credentials; invalid_request for credentials that are none; unavailable when the port is taken;
 *   invalid_config for a function that cannot be loaded
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host = "127.0.0.1", port = 7070, allowedHosts = [], engineName = "custom", credentials, telemetry } = options;
  const { janitorIntervalMs = limits.janitorIntervalMs, reportFault = telemetry?.reportFault ?? toStandardError } = options;
  checkBindHost(host, credentials !== undefined);
  const parts = partsOf(options);
  const { janitor } = parts;
  const bell = new Bell();
  const log = options.triggers === undefined ? parts.log : tellingLog(parts.log, () => bell.ring());
  const triggers = options.triggers && (await Triggers.load(log, bell, options.triggers));
  const closing = new AbortController();
  let boundPort = port;
  const app = createApp(shownLog(log, options, triggers), {
    compression: nodeCompression,
    version: packageVersion(),
    engine: engineName,
    isHostAllowed: hostRule(() => boundPort, allowedHosts, !isLoopback(host)),
    security: credentials && createSecurity(log, { clock: nodeClock, credentials }),
    reportFault,
    telemetry: telemetry?.telemetry,
    metrics: telemetry?.expose,
  });
  const server = createNodeServer(app, closing.signal, telemetry?.telemetry);
  try {
    boundPort = await listen(server, host, port);
    await triggers?.begin({ bootstrapServers: () => new URL(urlOf(host, boundPort)).host, reportFault });
  } catch (reason) {
    await Promise.all([shutDown(server, closing), triggers?.close()]);
    throw reason;
  }
  if (janitor !== undefined && janitorIntervalMs > 0)
    void tendInBackground(janitor, { everyMs: janitorIntervalMs, signal: closing.signal, reportFault });
  let closed: Promise<void> | undefined;
  return {
    url: urlOf(host, boundPort),
    port: boundPort,
    close() {
      closed ??= Promise.all([shutDown(server, closing), triggers?.close()]).then(() => log.close());
      return closed;
    },
  };
}

function partsOf({ engine, log, telemetry, enforcesQuotas, offsetsRetentionMs }: ServerOptions): {
  readonly log: Log;
  readonly janitor?: Janitor;
} {
  if (log !== undefined && engine === undefined) return { log };
  if (engine !== undefined && log === undefined) {
    const parts = { clock: nodeClock, random: nodeRandom, compression: nodeCompression, telemetry: telemetry?.telemetry };
    return { log: createLog(engine, { ...parts, enforcesQuotas }), janitor: createJanitor(engine, { ...parts, offsetsRetentionMs }) };
  }
  throw new LogError("invalid_request", "startServer needs an engine or a log, and not both.");
}

/** Where no other process delivers, what does not run here does not run. */
function shownLog(log: Log, { engine }: ServerOptions, triggers: Triggers | undefined): Log {
  return engine?.isShared === false ? knowingLog(log, (target) => triggers?.functionOf(target) ?? "none") : log;
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LogError("unavailable", `Cannot listen on ${urlOf(host, port)}: ${reason}. Is another server running? Take another port.`, {
      cause,
    });
  }
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

async function shutDown(server: Server, closing: AbortController): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  closing.abort();
  server.closeIdleConnections();
  const late = setTimeout(() => server.closeAllConnections(), limits.closeGraceMs);
  await closed;
  clearTimeout(late);
}

function toStandardError(error: LogError): void {
  process.stderr.write(stackText(error));
}
