import { type AwsEngine, type AwsEngineOptions, createAwsEngine } from "../engines/aws/index.ts";
import { sdkBucket } from "../engines/aws/sdk-bucket.ts";
import { type AwsClients, awsClients } from "../engines/aws/sdk-clients.ts";
import { sdkTable } from "../engines/aws/sdk-table.ts";
import { limits } from "../core/limits.ts";
import { LogError } from "../core/errors.ts";
import { nodeClock } from "../node/clock.ts";
import { nodeRandom } from "../node/random.ts";

export interface AwsStoreOptions extends AwsEngineOptions {
  /** The DynamoDB table: keys `pk` and `sk`, both text. It has to be there. */
  readonly table: string;
  /** The S3 bucket. It has to be there. */
  readonly bucket: string;
  /** Default: as the AWS SDK finds it (`AWS_REGION`, profile). */
  readonly region?: string;
  /** Of services that are not Amazon's own. Default: as the AWS SDK finds them (`AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL_S3`). */
  readonly endpoints?: { readonly dynamodb?: string; readonly s3?: string };
  /** How long one request to DynamoDB or S3 may take. Default 5,000. */
  readonly requestTimeoutMs?: number;
}

/** The AWS engine over a table and a bucket, by the process's own AWS credentials. Sends nothing yet. */
export function openAwsEngine(options: AwsStoreOptions): AwsEngine {
  return makeEngine(options).engine;
}

/** The same, after finding out that the region, the table and the bucket are there. @throws LogError that says what is missing */
export async function openCheckedAwsEngine(options: AwsStoreOptions): Promise<AwsEngine> {
  const { engine, clients } = makeEngine(options);
  try {
    await clients.dynamodb.config.region().catch((cause: unknown) => {
      throw new LogError("invalid_config", "There is no AWS region: give one (--region, AWS_REGION, or a profile).", { cause });
    });
    await checkStore(engine, options);
    return engine;
  } catch (reason) {
    await engine.close();
    throw reason;
  }
}

function makeEngine(options: AwsStoreOptions): { readonly engine: AwsEngine; readonly clients: AwsClients } {
  const { table, bucket, region, requestTimeoutMs = limits.awsRequestMsMax, endpoints, ...engineOptions } = options;
  if (table === "" || bucket === "") throw new LogError("invalid_config", "The aws engine needs the names of a table and a bucket.");
  const clients = awsClients({
    requestTimeoutMs,
    endpoint: endpointsOf(endpoints),
    ...(region !== undefined && { region }),
  });
  const { dynamodb, s3 } = clients;
  const storage = { table: sdkTable(dynamodb, table), bucket: sdkBucket(s3, bucket), clock: nodeClock, random: nodeRandom };
  const engine = createAwsEngine(storage, engineOptions);
  const close = async (): Promise<void> => {
    await engine.close();
    dynamodb.destroy();
    s3.destroy();
  };
  return { engine: { ...engine, close }, clients };
}

/** What the environment names is given to the clients, since S3's needs other addressing than Amazon's own. */
function endpointsOf(given: AwsStoreOptions["endpoints"]): NonNullable<AwsStoreOptions["endpoints"]> {
  const { AWS_ENDPOINT_URL: all, AWS_ENDPOINT_URL_DYNAMODB: ofDynamodb, AWS_ENDPOINT_URL_S3: ofS3 } = process.env;
  const dynamodb = given?.dynamodb ?? ofDynamodb ?? all;
  const s3 = given?.s3 ?? ofS3 ?? all;
  return { ...(dynamodb !== undefined && { dynamodb }), ...(s3 !== undefined && { s3 }) };
}

/** Asks for something that is not there, to find out early that the table and the bucket are. */
async function checkStore(engine: AwsEngine, { table, bucket, region }: AwsStoreOptions): Promise<void> {
  const where = region === undefined ? "" : ` in ${region}`;
  const check = async (what: string, step: Promise<unknown>): Promise<void> => {
    try {
      await step;
    } catch (reason) {
      const { code, message } = LogError.from(reason);
      throw new LogError(code, `The ${what}${where} cannot be used. ${message}`, { cause: reason });
    }
  };
  await Promise.all([
    check(`table ${table}`, engine.catalog.get({ pk: "check", sk: "check" })),
    check(`bucket ${bucket}`, engine.objects.list("check", { limit: 1 })),
  ]);
}
