import { logDimension, type Metric, type MetricName, metrics, metricsNamespace } from "../config/metrics.ts";
import type { Clock } from "../ports/clock.ts";
import type { DimensionValues, MetricSink } from "./telemetry.ts";

/** CloudWatch's bound on the values of one metric in one document. */
const valuesMax = 100;

export interface EmfOptions {
  /** The dimension `Log` of every metric. */
  readonly logName: string;
  readonly clock: Clock;
  /** Takes a line with its end; CloudWatch Logs has to get it as it is. */
  readonly write: (line: string) => void;
}

/** What one document holds: its own dimension beside `Log` (none: empty), and each metric's sum, newest value or list of values. */
interface Group {
  readonly dimension: Readonly<Record<string, string>>;
  readonly values: Map<MetricName, number | number[]>;
}

/**
 * Metrics as log lines from which CloudWatch makes metrics, with no request of the function's own:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 * One line a flush, and one more for each further operation of it. A metric of several values is billed once for each set of dimensions.
 */
export class EmfMetrics implements MetricSink {
  readonly #options: EmfOptions;
  #groups = new Map<string, Group>();

  constructor(options: EmfOptions) {
    this.#options = options;
  }

  record(metric: MetricName, value: number, dimensions: DimensionValues): void {
    const { kind, cloudWatchBy: by }: Metric = metrics[metric];
    const own = by === undefined ? undefined : dimensions[by];
    const { values } = this.#group(by === undefined || own === undefined ? {} : { [capitalised(by)]: own });
    const before = values.get(metric);
    if (kind === "gauge") values.set(metric, value);
    else if (kind === "counter") values.set(metric, (typeof before === "number" ? before : 0) + value);
    else if (typeof before === "object") before.push(value);
    else values.set(metric, [value]);
    if (typeof before === "object" && before.length >= valuesMax) this.flush();
  }

  /** Writes what was recorded since the last time: to be called at the end of each invocation, before the environment may be frozen. */
  flush(): void {
    const groups = this.#groups;
    this.#groups = new Map();
    const common = groups.get("");
    const others = [...groups.values()].filter((group) => group !== common);
    const [first, ...rest] = others;
    const documents = first === undefined ? [[common]] : [[first, common], ...rest.map((group) => [group])];
    for (const parts of documents) {
      const there = parts.filter((group) => group !== undefined);
      if (there.length > 0) this.#options.write(`${JSON.stringify(this.#document(there))}\n`);
    }
  }

  #group(dimension: Readonly<Record<string, string>>): Group {
    const key = Object.entries(dimension).flat().join("=");
    let group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, (group = { dimension, values: new Map() }));
    return group;
  }

  #document(groups: readonly Group[]): Readonly<Record<string, unknown>> {
    const { logName, clock } = this.#options;
    const directives = groups.map(({ dimension, values }) => {
      const names = Object.keys(dimension);
      return {
        Namespace: metricsNamespace,
        Dimensions: names.length === 0 ? [[logDimension]] : [[logDimension], [logDimension, ...names]],
        Metrics: [...values.keys()].map((name) => ({ Name: name, Unit: metrics[name].unit })),
      };
    });
    const members: readonly (readonly [string, unknown])[] = groups.flatMap(({ dimension, values }) => [
      ...Object.entries(dimension),
      ...values,
    ]);
    return {
      _aws: { Timestamp: clock.nowMs(), CloudWatchMetrics: directives },
      [logDimension]: logName,
      ...Object.fromEntries<unknown>(members),
    };
  }
}

/** As CloudWatch names a dimension: `operation` is `Operation`. */
function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
