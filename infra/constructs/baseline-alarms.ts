import type { Duration } from "aws-cdk-lib";
import { Metric, Stats } from "aws-cdk-lib/aws-cloudwatch";
import type { ITable } from "aws-cdk-lib/aws-dynamodb";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { limits } from "../../lib/core/limits.ts";
import type { LogAlarms } from "./alarms.ts";
import { logMetric, metricPeriod } from "./metrics.ts";
import type { RestDoor } from "./rest-door.ts";

/** What is watched. */
export interface WatchedParts {
  readonly logName: string;
  readonly table: ITable;
  readonly api: LambdaFunction;
  readonly apiTimeout: Duration;
  readonly janitor: LambdaFunction;
  readonly janitorInterval: Duration;
  readonly resources: LambdaFunction;
  readonly rest: RestDoor | undefined;
}

/** Of a janitor's rounds that did not come, or failed, one after the other. */
const missedRounds = 3;
/** Of those that did not come to their end. After a burst, or a change to many topics, a few are in order. */
const incompleteRounds = 6;
/** Sealing by age is hourly: three of its rounds were missed. */
const unsealedAgeSecondsMax = 3 * 3_600;
/** A few may be a deploy or one broken client. */
const fewerThan = 5;

/** The alarms that every log has. */
export function addBaselineAlarms(alarms: LogAlarms, parts: WatchedParts): void {
  addApiAlarms(alarms, parts);
  addJanitorAlarms(alarms, parts);
  const { logName, table, resources, rest } = parts;
  alarms.add("ResourcesErrors", {
    runbook: "declared-resources-fail",
    tells: "the function of declared topics and access rules crashed, so a deployment may hang.",
    metric: resources.metricErrors({ period: metricPeriod }),
    threshold: 1,
  });
  alarms.add("TableThrottles", {
    runbook: "the-table-throttles",
    tells: "DynamoDB refuses writes of the log for 15 minutes: a shard is too hot, or the table grows faster than it can follow.",
    metric: tableMetric(table, "WriteThrottleEvents"),
    threshold: 1,
    periods: 3,
  });
  alarms.add("ServerErrors", {
    runbook: "server-errors",
    tells: "requests were answered with a status of 500 or more.",
    metric: logMetric(logName, "ServerErrors"),
    threshold: fewerThan,
  });
  if (rest === undefined) return;
  alarms.add("RestServerErrors", {
    runbook: "the-rest-door-fails",
    tells: "the REST API answered with a status of 500 or more, of its own or of the log.",
    metric: rest.restApi.metricServerError({ period: metricPeriod, statistic: Stats.SUM }),
    threshold: fewerThan,
  });
}

function addApiAlarms(alarms: LogAlarms, { api, apiTimeout }: WatchedParts): void {
  alarms.add("ApiErrors", {
    runbook: "the-api-crashes",
    tells: "invocations of the API ended in a crash or a timeout.",
    metric: api.metricErrors({ period: metricPeriod }),
    threshold: fewerThan,
  });
  alarms.add("ApiThrottles", {
    runbook: "the-api-is-throttled",
    tells: "requests were refused since too many ran at once.",
    metric: api.metricThrottles({ period: metricPeriod }),
    threshold: 1,
  });
  alarms.add("ApiDuration", {
    runbook: "requests-come-near-the-timeout",
    tells: "a request took nearly as long as the function may, though waits and streams end before.",
    metric: api.metricDuration({ period: metricPeriod, statistic: Stats.MAXIMUM }),
    threshold: apiTimeout.toMilliseconds() - limits.lambdaEndMarginMs / 2,
  });
}

function addJanitorAlarms(alarms: LogAlarms, { logName, janitor, janitorInterval }: WatchedParts): void {
  alarms.add("JanitorErrors", {
    runbook: "the-janitor-fails",
    tells: `the janitor failed ${missedRounds} rounds one after the other.`,
    metric: janitor.metricErrors({ period: janitorInterval }),
    threshold: 1,
    periods: missedRounds,
  });
  alarms.add("JanitorSilent", {
    runbook: "the-janitor-does-not-run",
    tells: `the janitor did not run for ${missedRounds} rounds.`,
    metric: janitor.metricInvocations({ period: janitorInterval }),
    threshold: 1,
    periods: missedRounds,
    isLowBad: true,
    isSilenceBad: true,
  });
  alarms.add("JanitorFailures", {
    runbook: "the-janitor-cannot-tend-something",
    tells: `for ${missedRounds} rounds the janitor could not tend a partition, a shard, a deletion or a group, while it went on with all else.`,
    metric: logMetric(logName, "JanitorFailures", { period: janitorInterval }),
    threshold: 1,
    periods: missedRounds,
  });
  alarms.add("JanitorIncomplete", {
    runbook: "the-janitor-cannot-keep-up",
    tells: `the janitor's time was up before it had come to all that was due, ${incompleteRounds} rounds one after the other.`,
    metric: logMetric(logName, "JanitorIncompleteRounds", { period: janitorInterval }),
    threshold: 1,
    periods: incompleteRounds,
  });
  alarms.add("UnsealedAge", {
    runbook: "records-stay-unsealed",
    tells: "entries have been waiting for hours to be sealed: reading them stays slow and dear.",
    metric: logMetric(logName, "UnsealedAgeSeconds"),
    threshold: unsealedAgeSecondsMax,
  });
}

/** A table's own metric. CDK has no name for this one. */
export function tableMetric(table: ITable, metricName: string): Metric {
  return new Metric({
    namespace: "AWS/DynamoDB",
    metricName,
    dimensionsMap: { TableName: table.tableName },
    statistic: Stats.SUM,
    period: metricPeriod,
  });
}
