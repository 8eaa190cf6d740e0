/** List prices in US dollars, us-east-1, as known in 2025. Assumptions: check them at aws.amazon.com before relying on them. */
export const pricesNote = "list prices of us-east-1 as known in 2025, not looked up: check them before relying on them";

const gib = 2 ** 30;
const million = 1e6;

export const hoursAMonth = 730;

export const prices = {
  dynamodb: {
    /** DynamoDB, on-demand throughput, write request unit: $0.625 a million. */
    writeUnit: 0.625 / million,
    /** DynamoDB, on-demand throughput, read request unit: $0.125 a million. */
    readUnit: 0.125 / million,
    /** DynamoDB, Standard table class, storage: $0.25 a GB-month. */
    storedByteMonth: 0.25 / gib,
  },
  s3: {
    /** S3 Standard, PUT, COPY, POST, LIST requests: $0.005 a thousand. */
    put: 0.005 / 1_000,
    /** S3 Standard, GET and all other requests: $0.0004 a thousand. */
    get: 0.0004 / 1_000,
    /** S3 Standard, storage, first 50 TB: $0.023 a GB-month. */
    storedByteMonth: 0.023 / gib,
  },
  lambda: {
    /** Lambda, requests: $0.20 a million. */
    request: 0.2 / million,
    /** Lambda, arm64, duration: $0.0000133334 a GB-second. */
    gbSecond: 0.0000133334,
  },
  kinesisOnDemand: {
    /** Kinesis Data Streams, on-demand, per stream: $0.04 an hour. */
    streamHour: 0.04,
    /** ..., data ingested, each record rounded up to 1 KB: $0.08 a GB. */
    byteIn: 0.08 / gib,
    /** ..., data retrieved: $0.04 a GB. */
    byteOut: 0.04 / gib,
  },
  kinesisProvisioned: {
    /** Kinesis Data Streams, provisioned, shard: $0.015 an hour. It takes 1 MiB and 1,000 records a second. */
    shardHour: 0.015,
    shardBytesASecond: 2 ** 20,
    shardRecordsASecond: 1_000,
    /** ..., PUT payload unit of 25 KB: $0.014 a million. */
    putUnit: 0.014 / million,
    putUnitBytes: 25 * 1_024,
  },
  mskServerless: {
    /** MSK Serverless, cluster: $0.75 an hour. */
    clusterHour: 0.75,
    /** ..., partition: $0.0015 an hour. */
    partitionHour: 0.0015,
    /** ..., data in: $0.10 a GB. */
    byteIn: 0.1 / gib,
    /** ..., data out: $0.05 a GB. */
    byteOut: 0.05 / gib,
  },
} as const;

/** What a request to this log is assumed to take of Lambda: measured nowhere yet. */
export const assumedLambda = { memoryGb: 0.5, requestMs: 25, msAMebibyte: 125 } as const;
