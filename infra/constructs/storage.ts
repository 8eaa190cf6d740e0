import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, BillingMode, type ITable, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { accept } from "./accepted-rules.ts";
import type { EventLogProps } from "./event-log-props.ts";
import { tableSchema } from "../../lib/engines/aws/schema.ts";

type StorageProps = Pick<EventLogProps, "encryptionKey" | "throwaway">;

/** How long an object that was deleted can still be brought back. Live objects are never deleted by age. */
const noncurrentDays = 7;

/** The table that holds heads, pages, small payloads and the catalog. One Region: heads are updated under conditions, which global tables do not carry over. */
export function makeTable(scope: Construct, { encryptionKey: key, throwaway = false }: StorageProps): ITable {
  const table = new Table(scope, "Table", {
    partitionKey: { name: tableSchema.partitionKey, type: AttributeType.STRING },
    sortKey: { name: tableSchema.sortKey, type: AttributeType.STRING },
    timeToLiveAttribute: tableSchema.timeToLive,
    billingMode: BillingMode[tableSchema.billingMode],
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: !throwaway,
    removalPolicy: throwaway ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    ...(key === undefined ? { encryption: TableEncryption.DEFAULT } : { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: key }),
  });
  // CDK's classes declare optional properties as exactOptionalPropertyTypes does not want them.
  return table as ITable;
}

/** The bucket that holds big payloads and segments. */
export function makeBucket(scope: Construct, { encryptionKey: key, throwaway = false }: StorageProps): IBucket {
  const bucket = new Bucket(scope, "Bucket", {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    versioned: true,
    lifecycleRules: [
      {
        id: "forget-deleted",
        noncurrentVersionExpiration: Duration.days(noncurrentDays),
        expiredObjectDeleteMarker: true,
        abortIncompleteMultipartUploadAfter: Duration.days(1),
      },
    ],
    removalPolicy: throwaway ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    autoDeleteObjects: throwaway,
    ...(key === undefined
      ? { encryption: BucketEncryption.S3_MANAGED }
      : { encryption: BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true }),
  });
  accept(
    bucket,
    "S1",
    "Who called is in the API's own logs and metrics; server access logs would cost a line for each payload. CloudTrail's data events can be had for an audit.",
  );
  return bucket as IBucket;
}

/** The customers' keys that encrypt what is stored. */
export function keysOf(table: ITable, bucket: IBucket): IKey[] {
  const keys = [table.encryptionKey, bucket.encryptionKey].filter((key) => key !== undefined);
  return [...new Set(keys)];
}
