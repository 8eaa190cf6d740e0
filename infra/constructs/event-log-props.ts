import type { Duration } from "aws-cdk-lib";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { ITable } from "aws-cdk-lib/aws-dynamodb";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import type { RestDoorProps } from "./rest-door.ts";
import type { SecurityProps } from "./security.ts";

/** What can be set of an {@link EventLog}. Nothing has to be. */
export interface EventLogProps {
  /** The log's name in metrics and on the dashboard: 1 to 64 letters, digits, hyphens and underscores. Default: from the construct's path. */
  readonly logName?: string;

  /**
   * A table of your own, with text keys `pk` and `sk` and its time to live on `ttl`. Default: one that is made here, on demand, with point-in-time
   * recovery and deletion protection.
   */
  readonly table?: ITable;
  /** A bucket of your own. Give it no lifecycle rule that deletes by age: records would be lost. Default: a private, versioned one that is made here. */
  readonly bucket?: IBucket;
  /** Encrypts the table and the bucket that are made here. Default: DynamoDB's and S3's own keys, which cost nothing. */
  readonly encryptionKey?: IKey;
  /** For a branch or a test: the stack's end deletes all records, and nothing is protected from deletion. Default false: data outlives the stack. */
  readonly throwaway?: boolean;

  /** A Lambda function URL that takes requests signed with SigV4, and no others. Default true. */
  readonly functionUrl?: boolean;
  /** An API Gateway REST API over the same function: for JWTs and tokens, browsers, WAF, a domain of your own. Default: none. */
  readonly restApi?: RestDoorProps;
  /**
   * Whether both doors stream answers: event streams (SSE) and answers over 4 MB need it. Without it an answer is sent when it is whole, which is all that
   * some emulators can do. Default true.
   */
  readonly responseStreaming?: boolean;
  /** Who may call, besides the principals that have grants. */
  readonly security?: SecurityProps;

  /** The function that serves the API. */
  readonly api?: ApiProps;
  /** How often the janitor runs, which seals, merges, lets expire and frees. Default every 5 minutes: a round looks at the shards in use, and where something is due. */
  readonly janitorInterval?: Duration;
  /** How long a consumer group is kept, with its offsets, once nobody reads as a member of it: whole minutes. Default 7 days. */
  readonly offsetsRetention?: Duration;
  /**
   * Whether the functions' concurrency is reserved: 100 for the API (or `api.reservedConcurrency`), 1 for the janitor, 5 for declared topics. An account has
   * to keep 10 to 100 unreserved; a new one, whose quota may be 10 in all, can reserve none until that is raised. Default true.
   */
  readonly reserveConcurrency?: boolean;

  /** How long the functions' and the door's logs are kept. Default one month. */
  readonly logRetention?: RetentionDays;
  /** The least that the functions log. Default `info`. */
  readonly logLevel?: "debug" | "info" | "warn" | "error";
  /** Where alarms are told. Default: they only show in CloudWatch. */
  readonly alarmTopic?: ITopic;
  /** Where the runbook can be read: each alarm's description links to its section. Default `docs/runbook.md`. */
  readonly runbookUrl?: string;
  /** A CloudWatch dashboard. Three an account are free, more cost $3 a month each. Default true. */
  readonly dashboard?: boolean;

  /** The folder of the functions' bundles. Default: those of this package. */
  readonly functionsFolder?: string;
}

/** The function that serves the API. */
export interface ApiProps {
  /**
   * Memory in MB, which also sets the share of CPU. Default 1,769, which is one whole vCPU: TLS, checksums and compression take CPU time, and one
   * request runs at a time. Waits (long polls, event streams) are billed by memory too: where they prevail, 512 is cheaper.
   */
  readonly memoryMb?: number;
  /**
   * The longest that one request may take. Default 15 minutes where answers are streamed, so that an event stream reconnects four times an hour, and
   * 29 seconds where they are not, which is as long as API Gateway waits. Waits and streams end 2 seconds before.
   */
  readonly timeout?: Duration;
  /** How many requests run at once at most. One over it is told 429. Default 100. */
  readonly reservedConcurrency?: number;
}
