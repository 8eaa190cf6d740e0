import { Duration } from "aws-cdk-lib";
import { Metric as CloudWatchMetric, type MetricOptions, Stats } from "aws-cdk-lib/aws-cloudwatch";
import { logDimension, type Metric, type MetricName, metrics, metricsNamespace } from "../../lib/config/metrics.ts";

/** Of alarms and graphs. */
export const metricPeriod = Duration.minutes(5);

const statistics: Readonly<Record<Metric["kind"], string>> = { counter: Stats.SUM, gauge: Stats.MAXIMUM, histogram: Stats.p(99) };

/** A metric that the log itself measures, over 5 minutes: a counter's sum, a gauge's maximum, a histogram's 99th percentile. */
export function logMetric(logName: string, metricName: MetricName, options: MetricOptions = {}): CloudWatchMetric {
  const { kind }: Metric = metrics[metricName];
  return new CloudWatchMetric({
    namespace: metricsNamespace,
    metricName,
    dimensionsMap: { [logDimension]: logName },
    statistic: statistics[kind],
    period: metricPeriod,
    ...options,
  });
}
