import { Dashboard, GraphWidget, type IMetric, type IWidget, Stats } from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import { type WatchedParts, tableMetric } from "./baseline-alarms.ts";
import { logMetric, metricPeriod } from "./metrics.ts";

/** One page: what clients see, what the log does, what it runs on. */
export function makeDashboard(scope: Construct, parts: WatchedParts): Dashboard {
  const { logName, api, janitor, table } = parts;
  const graph = (title: string, left: IMetric[], right: IMetric[] = []): IWidget =>
    new GraphWidget({ title, left, right, width: 8, height: 6 });
  const own = (...names: readonly Parameters<typeof logMetric>[1][]): IMetric[] =>
    names.map((name) => logMetric(logName, name, { label: name }));
  const of = (statistic: string, label: string) => ({ statistic, label, period: metricPeriod });
  return new Dashboard(scope, "Dashboard", {
    dashboardName: logName,
    widgets: [
      [
        graph("Records in and out", own("ProduceRecords", "FetchRecords")),
        graph("Bytes in and out", own("ProduceBytes", "FetchBytes")),
        graph("Refused", own("ServerErrors", "Throttles", "QuotaThrottles", "AuthRefusals")),
      ],
      [
        graph("Commit seconds", [
          logMetric(logName, "CommitSeconds", { statistic: Stats.p(50), label: "p50" }),
          logMetric(logName, "CommitSeconds", { label: "p99" }),
        ]),
        graph("Commits", own("CommitRetries", "AmbiguousCommits", "Rolls")),
        graph("Behind", own("ConsumerLag"), own("UnsealedAgeSeconds")),
      ],
      [
        graph(
          "API at once",
          [api.metric("ConcurrentExecutions", of(Stats.MAXIMUM, "at once"))],
          [api.metricThrottles(of(Stats.SUM, "throttled"))],
        ),
        graph("API invocations", [api.metricInvocations(of(Stats.SUM, "invocations"))], [api.metricErrors(of(Stats.SUM, "errors"))]),
        graph(
          "Janitor",
          [janitor.metricDuration(of(Stats.MAXIMUM, "longest, ms"))],
          [janitor.metricErrors(of(Stats.SUM, "errors")), ...own("JanitorFailures", "JanitorIncompleteRounds")],
        ),
      ],
      [
        graph("Table units", [tableMetric(table, "ConsumedWriteCapacityUnits"), tableMetric(table, "ConsumedReadCapacityUnits")]),
        graph("Table throttles", [tableMetric(table, "WriteThrottleEvents"), tableMetric(table, "ReadThrottleEvents")]),
        graph("Segments", own("SealedBytes", "RewrittenBytes", "ReclaimedBytes"), own("Segments")),
      ],
    ],
  });
}
