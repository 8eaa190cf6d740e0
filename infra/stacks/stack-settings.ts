import { Duration } from "aws-cdk-lib";
import type { Construct } from "constructs";

/** What the app can be told by `-c name=value`, or in cdk.json's `context`. */
const known = {
  branch: "a branch's name: a throwaway log of its own, with all that it holds",
  tableName: "a table that is there, such as one that an earlier stack has left",
  bucketName: "a bucket that is there",
  responseStreaming: "true|false: whether answers are streamed",
  functionUrl: "true|false: the door that takes signed requests",
  restApi: "iam|bearer: a REST API, too",
  accountLogRole: "true|false: give the account a role for API Gateway's logs",
  webAclArn: "a web ACL of AWS WAF for the REST API",
  domainName: "a domain of your own for the REST API, with certificateArn",
  certificateArn: "its certificate",
  hostedZone: "id:name of the zone where its record is made",
  jwtIssuer: "whose JWTs are taken, with jwtAudience",
  jwtAudience: "for whom they have to be; several with commas",
  jwtJwksUrl: "where the issuer's keys are",
  tokens: "true|false: whether API tokens are taken",
  superUsers: "principals that may do everything; several with semicolons",
  allowedOrigins: "web origins that may call; several with commas",
  quotas: "true|false: hold principals to their quotas",
  ownKey: "true|false: encrypt with a KMS key of the stack's own",
  reserveConcurrency: "true|false: reserve the functions' concurrency",
  apiConcurrency: "how many requests run at once",
  apiMemoryMb: "the API's memory",
  apiTimeoutSeconds: "the longest that a request may take",
  logLevel: "debug|info|warn|error: the least that the functions log",
  alarmTopicArn: "an SNS topic that is told of alarms",
  dashboard: "true|false: a CloudWatch dashboard",
} as const;
type SettingName = keyof typeof known;

/** Settings of the app, read from its context. A value that cannot be is an error, not a default. */
export class StackSettings {
  readonly #scope: Construct;

  constructor(scope: Construct) {
    this.#scope = scope;
  }

  text(name: SettingName): string | undefined {
    const value: unknown = this.#scope.node.tryGetContext(name);
    if (value === undefined || value === null || value === "") return undefined;
    if (typeof value === "string" || typeof value === "boolean" || typeof value === "number") return String(value);
    throw this.#wrong(name, JSON.stringify(value));
  }

  list(name: SettingName, separator: string): readonly string[] {
    return (this.text(name) ?? "").split(separator).flatMap((part) => (part.trim() === "" ? [] : [part.trim()]));
  }

  flag(name: SettingName): boolean | undefined {
    return this.oneOf(name, ["true", "false"]) === undefined ? undefined : this.text(name) === "true";
  }

  oneOf<const T extends string>(name: SettingName, words: readonly T[]): T | undefined {
    const value = this.text(name);
    const word = words.find((candidate) => candidate === value);
    if (value !== undefined && word === undefined) throw this.#wrong(name, value);
    return word;
  }

  integer(name: SettingName): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (!/^\d{1,9}$/.test(value)) throw this.#wrong(name, value);
    return Number(value);
  }

  seconds(name: SettingName): Duration | undefined {
    const seconds = this.integer(name);
    return seconds === undefined ? undefined : Duration.seconds(seconds);
  }

  #wrong(name: SettingName, value: string): Error {
    return new Error(`-c ${name}=${value}: ${name} is ${known[name]}.`);
  }
}
