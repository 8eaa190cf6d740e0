/**
 * What is measured, in one place: it feeds CloudWatch (embedded metrics, alarms, dashboards), Prometheus and `docs/telemetry.md`.
 * A metric that is not here does not compile.
 */
export interface Metric {
  /** `counter`: sums up. `gauge`: a state, the newest value counts. `histogram`: how values are spread. */
  readonly kind: "counter" | "gauge" | "histogram";
  /** As CloudWatch names it. The metric's name ends in it where it is not `Count`, so no output converts. */
  readonly unit: "Count" | "Bytes" | "Seconds";
  readonly help: string;
  /** What it is told apart by, each of few values: never a topic, a group or a principal. Those stand in the logs. */
  readonly dimensions: readonly MetricDimension[];
  /** CloudWatch bills each combination of values, so there a metric has the dimension `Log` alone, and beside that this one if it is named. */
  readonly cloudWatchBy?: MetricDimension;
}

/** `operation`: an `operationId` of the API, or `none`. `status`: `2xx` to `5xx`. `code`: of a LogError. */
export type MetricDimension = "operation" | "status" | "code";

/** CloudWatch's namespace. */
export const metricsNamespace = "Stratalog";
/** The dimension that every metric has in CloudWatch: the log's name. */
export const logDimension = "Log";

/** By their CloudWatch name; Prometheus's is derived: `ProduceRecords` is `stratalog_produce_records_total`. */
export const metrics = {
  Requests: {
    kind: "counter",
    unit: "Count",
    help: "Requests that were answered.",
    dimensions: ["operation", "status"],
    cloudWatchBy: "operation",
  },
  RequestSeconds: {
    kind: "histogram",
    unit: "Seconds",
    help: "From a request's arrival to the start of its answer. A long poll's wait is part of it.",
    dimensions: ["operation"],
    cloudWatchBy: "operation",
  },
  Errors: { kind: "counter", unit: "Count", help: "Errors that clients were told, by code.", dimensions: ["code"] },
  ServerErrors: { kind: "counter", unit: "Count", help: "Answers with a status of 500 or more.", dimensions: [] },
  Throttles: { kind: "counter", unit: "Count", help: "Answers with a status of 429, for whatever reason.", dimensions: [] },
  QuotaThrottles: { kind: "counter", unit: "Count", help: "Requests refused because their principal's quota was used up.", dimensions: [] },
  QuotaFailures: {
    kind: "counter",
    unit: "Count",
    help: "Quotas, or leases of them, that could not be read or written in time: requests went on by this process's own count.",
    dimensions: [],
  },
  AuthRefusals: {
    kind: "counter",
    unit: "Count",
    help: "Requests without valid credentials (unauthenticated), or for what their caller may not do (forbidden).",
    dimensions: ["code"],
  },
  ProduceRecords: { kind: "counter", unit: "Count", help: "Records made durable; a retry's duplicates are not counted.", dimensions: [] },
  ProduceBytes: { kind: "counter", unit: "Bytes", help: "Bytes of record batches made durable, as stored.", dimensions: [] },
  FetchRecords: { kind: "counter", unit: "Count", help: "Records read for clients.", dimensions: [] },
  FetchBytes: { kind: "counter", unit: "Bytes", help: "Bytes of record batches read for clients, as stored.", dimensions: [] },
  CommitSeconds: {
    kind: "histogram",
    unit: "Seconds",
    help: "From an append's arrival at the engine until it is durable: its wait for a commit, and the commit.",
    dimensions: [],
  },
  CommitRetries: {
    kind: "counter",
    unit: "Count",
    help: "Attempts of commits that had to be made again: the shard had changed, or storage throttled or was out of reach.",
    dimensions: [],
  },
  AmbiguousCommits: {
    kind: "counter",
    unit: "Count",
    help: "Commits that got no clear answer from storage, so that it had to be found out.",
    dimensions: [],
  },
  Rolls: { kind: "counter", unit: "Count", help: "Tails of heads that were rolled into pages.", dimensions: [] },
  Seals: { kind: "counter", unit: "Count", help: "Runs of entries that were moved from the journal into segments.", dimensions: [] },
  Merges: { kind: "counter", unit: "Count", help: "Segments that were made of several, and passes of compaction.", dimensions: [] },
  SealedBytes: { kind: "counter", unit: "Bytes", help: "Bytes of segments that were made from the journal.", dimensions: [] },
  RewrittenBytes: {
    kind: "counter",
    unit: "Bytes",
    help: "Bytes of segments that were made of segments. Divided by `SealedBytes`, and one more: how often a byte is written (write amplification).",
    dimensions: [],
  },
  ReclaimedBytes: {
    kind: "counter",
    unit: "Bytes",
    help: "Bytes of segments and of the journal that were deleted; of segments that were begun and never finished the bytes are not known.",
    dimensions: [],
  },
  Segments: { kind: "gauge", unit: "Count", help: "Segments of the shards in use.", dimensions: [] },
  UnsealedBytes: {
    kind: "gauge",
    unit: "Bytes",
    help: "Bytes in the journal that no segment holds yet; of each shard as many as one seal takes (32 MiB) at most.",
    dimensions: [],
  },
  UnsealedAgeSeconds: {
    kind: "gauge",
    unit: "Seconds",
    help: "Age of the oldest entry that no segment holds yet, by when the janitor first saw it: short of it by the time between two visits, or about a quarter of the age.",
    dimensions: [],
  },
  JanitorFailures: {
    kind: "counter",
    unit: "Count",
    help: "Partitions, shards, deletions and groups that a round of the janitor could not tend. The log says which, and why.",
    dimensions: [],
  },
  JanitorIncompleteRounds: {
    kind: "counter",
    unit: "Count",
    help: "Rounds of the janitor that ended before they had come to all that was due: their time was up.",
    dimensions: [],
  },
  ConsumerLag: {
    kind: "gauge",
    unit: "Count",
    help: "Records between the end and the position of the group that is furthest behind.",
    dimensions: [],
  },
  OpenConnections: { kind: "gauge", unit: "Count", help: "Open connections of the server.", dimensions: [] },
  OpenStreams: { kind: "gauge", unit: "Count", help: "Event streams that are being read.", dimensions: [] },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof metrics;
