import { limits } from "../core/limits.ts";

/**
 * What can be set, in one place: it feeds the command line's flags and help, the environment and the server.
 * A flag wins over the environment, the environment over the default.
 */
export interface Setting {
  /** The command line's flag, without dashes. */
  readonly flag: string;
  readonly env: string;
  readonly default: string;
  /** What the value is measured in, or what kind of thing it is. */
  readonly unit: string;
  readonly doc: string;
  /** Undefined when the value is fine, else what it has to be. */
  readonly check: (value: string) => string | undefined;
}

const any = (): undefined => undefined;
const some = (value: string) => (value === "" ? "given" : undefined);
const port = (value: string) => (/^\d{1,5}$/.test(value) && Number(value) <= 65_535 ? undefined : "a port from 0 to 65535");
const webUrl = (value: string) => (/^https?:\/\/[^/\s]/.test(value) ? undefined : "a URL such as http://127.0.0.1:7070");

/** Settings of the server. */
export const serverSettings = {
  port: {
    flag: "port",
    env: "STRATALOG_PORT",
    default: "7070",
    unit: "port",
    doc: "The TCP port of the HTTP API; 0 takes any free one.",
    check: port,
  },
  host: {
    flag: "host",
    env: "STRATALOG_HOST",
    default: "127.0.0.1",
    unit: "address",
    doc: "The address to listen on. Without credentials only loopback addresses.",
    check: some,
  },
  data: {
    flag: "data",
    env: "STRATALOG_DATA",
    default: "./stratalog-data",
    unit: "folder",
    doc: "Where the log keeps its files. Made when it is not there.",
    check: some,
  },
  engine: {
    flag: "engine",
    env: "STRATALOG_ENGINE",
    default: "local",
    unit: "local|aws|memory",
    doc: "What the log runs on: files in the data folder, a DynamoDB table and an S3 bucket, or memory alone (gone at the end).",
    check: (value) => (["local", "aws", "memory"].includes(value) ? undefined : "local, aws or memory"),
  },
  table: {
    flag: "table",
    env: "STRATALOG_TABLE",
    default: "",
    unit: "name",
    doc: "Engine aws: the DynamoDB table.",
    check: any,
  },
  bucket: {
    flag: "bucket",
    env: "STRATALOG_BUCKET",
    default: "",
    unit: "name",
    doc: "Engine aws: the S3 bucket.",
    check: any,
  },
  region: {
    flag: "region",
    env: "STRATALOG_REGION",
    default: "",
    unit: "region",
    doc: "Engine aws: the region of both. Where it is not given, the AWS SDK finds it (AWS_REGION, profile).",
    check: any,
  },
  linger: {
    flag: "linger",
    env: "STRATALOG_LINGER",
    default: "0",
    unit: "ms",
    doc: "Engine aws: how long a request waits for others to share its commit, 0 to 250: slower and cheaper.",
    check: (value) => (/^\d{1,3}$/.test(value) && Number(value) <= limits.awsLingerMsMax ? undefined : `0 to ${limits.awsLingerMsMax}`),
  },
  janitorInterval: {
    flag: "janitor-interval",
    env: "STRATALOG_JANITOR_INTERVAL",
    default: "",
    unit: "s",
    doc: "How often it seals, merges, lets expire and frees; 0: never, as something else does. Where it is not given: every 10 s, with engine aws every 60.",
    check: (value) => (/^\d{0,5}$/.test(value) ? undefined : "0 to 99999 seconds"),
  },
  offsetsRetention: {
    flag: "offsets-retention-minutes",
    env: "STRATALOG_OFFSETS_RETENTION_MINUTES",
    default: String(limits.offsetsRetentionMinutesDefault),
    unit: "min",
    doc: "How long a consumer group is kept, with its offsets, once nobody reads as a member of it.",
    check: (value) => (/^[1-9]\d{0,8}$/.test(value) ? undefined : "1 to 999999999"),
  },
  metrics: {
    flag: "metrics",
    env: "STRATALOG_METRICS",
    default: "off",
    unit: "on|off",
    doc: "Keep metrics, for Prometheus at /metrics.",
    check: (value) => (["on", "off"].includes(value) ? undefined : "on or off"),
  },
  logLevel: {
    flag: "log-level",
    env: "STRATALOG_LOG_LEVEL",
    default: "info",
    unit: "debug|info|warn|error",
    doc: "What is logged, to standard error: at debug each request and commit.",
    check: (value) => (["debug", "info", "warn", "error"].includes(value) ? undefined : "debug, info, warn or error"),
  },
  logFormat: {
    flag: "log-format",
    env: "STRATALOG_LOG_FORMAT",
    default: "auto",
    unit: "auto|json|text",
    doc: "How it is logged: a line of JSON, or text. auto: text on a terminal, JSON elsewhere.",
    check: (value) => (["auto", "json", "text"].includes(value) ? undefined : "auto, json or text"),
  },
} as const satisfies Record<string, Setting>;

/** Settings of everything that talks to a server. */
export const clientSettings = {
  url: {
    flag: "url",
    env: "STRATALOG_URL",
    default: "http://127.0.0.1:7070",
    unit: "URL",
    doc: "The server to talk to.",
    check: webUrl,
  },
  token: {
    flag: "token",
    env: "STRATALOG_TOKEN",
    default: "",
    unit: "TOKEN",
    doc: "The API token or JWT to send. Better in the environment: others can read a command line.",
    check: any,
  },
  sigv4: {
    flag: "sigv4",
    env: "STRATALOG_SIGV4",
    default: "",
    unit: "on|off",
    doc: "Sign requests with the AWS credentials of the environment. Where it is not given: for a function URL or API Gateway, without a token.",
    check: (value) => (["", "on", "off"].includes(value) ? undefined : "on or off"),
  },
} as const satisfies Record<string, Setting>;
