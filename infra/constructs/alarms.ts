import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";

/** An alarm of the log. Its `runbook` is a heading of docs/runbook.md, as an anchor. */
export interface LogAlarmProps {
  readonly runbook: string;
  /** What is wrong when it rings. */
  readonly tells: string;
  readonly metric: IMetric;
  /** It rings when the metric is at least this. */
  readonly threshold: number;
  /** For so many periods one after the other. Default 1. */
  readonly periods?: number;
  /** When the metric is below the threshold, not at or over it. Default false. */
  readonly isLowBad?: boolean;
  /** Whether silence is bad, too. Default false: what is idle is well. */
  readonly isSilenceBad?: boolean;
}

/** A log's alarms by name. They lead to the runbook, and to a topic if there is one. */
export class LogAlarms extends Construct {
  readonly #byName: Record<string, Alarm> = {};
  readonly #logName: string;
  readonly #runbookUrl: string;
  readonly #topic: ITopic | undefined;

  constructor(scope: Construct, id: string, logName: string, runbookUrl: string, topic: ITopic | undefined) {
    super(scope, id);
    this.#logName = logName;
    this.#runbookUrl = runbookUrl;
    this.#topic = topic;
  }

  get byName(): Readonly<Record<string, Alarm>> {
    return this.#byName;
  }

  add(name: string, props: LogAlarmProps): Alarm {
    const { runbook, tells, metric, threshold, periods = 1, isLowBad = false, isSilenceBad = false } = props;
    const alarm = new Alarm(this, name, {
      alarmDescription: `${this.#logName}: ${tells} What to do: ${this.#runbookUrl}#${runbook}`,
      metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: isLowBad ? ComparisonOperator.LESS_THAN_THRESHOLD : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: isSilenceBad ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    if (this.#topic !== undefined) alarm.addAlarmAction(new SnsAction(this.#topic));
    this.#byName[name] = alarm;
    return alarm;
  }
}
