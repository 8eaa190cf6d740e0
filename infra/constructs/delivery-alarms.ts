import { type Dashboard, GraphWidget, type IMetric, type MetricOptions, Stats } from "aws-cdk-lib/aws-cloudwatch";
import type { LogAlarms } from "./alarms.ts";
import type { LogDelivery } from "./delivery.ts";
import { metricPeriod } from "./metrics.ts";

/** Of the sweep's five runs in five minutes: fewer may be throttled storage. */
const failedSweeps = 3;
const failedDeliveries = 5;
/** Older hints than twice this are of no use any more: the sweep was there. */
const hintAgeMsMax = 30_000;

type WatchedDelivery = Pick<LogDelivery, "router" | "deliver" | "hints">;

/** The alarms of a log that triggers functions. */
export function addDeliveryAlarms(alarms: LogAlarms, { router, deliver, hints }: WatchedDelivery): void {
  alarms.add("DeliverErrors", {
    runbook: "deliveries-fail",
    tells: "the function that delivers records crashed, or ran out of time. What the functions do that it calls does not count.",
    metric: deliver.metricErrors({ period: metricPeriod }),
    threshold: failedDeliveries,
  });
  alarms.add("RouterErrors", {
    runbook: "the-router-fails",
    tells: "the function that starts deliveries failed: records may be delivered late, or not at all.",
    metric: router.metricErrors({ period: metricPeriod }),
    threshold: failedSweeps,
  });
  if (hints === undefined) return;
  alarms.add("HintsLate", {
    runbook: "hints-are-late",
    tells: "what the table's stream tells is late: records wait up to a minute for the sweep.",
    metric: hintAge(router),
    threshold: hintAgeMsMax,
    periods: 3,
  });
}

/** One row more. */
export function addDeliveryGraphs(dashboard: Dashboard, { router, deliver }: WatchedDelivery): void {
  const of = (statistic: string, label: string) => ({ statistic, label, period: metricPeriod });
  const graph = (title: string, left: IMetric[], right: IMetric[]) => new GraphWidget({ title, left, right, width: 8, height: 6 });
  dashboard.addWidgets(
    graph(
      "Deliveries",
      [deliver.metricInvocations(of(Stats.SUM, "deliveries"))],
      [deliver.metricErrors(of(Stats.SUM, "errors")), deliver.metricThrottles(of(Stats.SUM, "throttled"))],
    ),
    graph(
      "Deliveries at once",
      [deliver.metric("ConcurrentExecutions", of(Stats.MAXIMUM, "at once"))],
      [deliver.metricDuration(of(Stats.MAXIMUM, "longest, ms"))],
    ),
    graph(
      "Router",
      [router.metricInvocations(of(Stats.SUM, "invocations")), router.metricErrors(of(Stats.SUM, "errors"))],
      [hintAge(router, { label: "age of hints, ms" })],
    ),
  );
}

function hintAge(router: LogDelivery["router"], options: MetricOptions = {}) {
  return router.metric("IteratorAge", { statistic: Stats.MAXIMUM, period: metricPeriod, ...options });
}
