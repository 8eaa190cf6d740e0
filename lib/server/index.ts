/** `stratalog/server`: the log as a server on one machine. */
export { LogError } from "../core/errors.ts";
export { createApp, type App, type AppOptions } from "../http/app.ts";
export { createNodeServer } from "./node-shell.ts";
export { startServer, type RunningServer, type ServerOptions } from "./server.ts";
export type { TriggeredFunction, TriggerOptions } from "./delivery/triggers.ts";
export { serverTelemetry, type ServerTelemetry, type ServerTelemetryOptions } from "../telemetry/server.ts";
export type { Credentials, JwtAlgorithm, JwtSettings } from "../config/security-settings.ts";
export { packageVersion } from "./version.ts";
