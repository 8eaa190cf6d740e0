import type { ITable } from "aws-cdk-lib/aws-dynamodb";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { IBucket } from "aws-cdk-lib/aws-s3";

/** What the log lies in. */
export interface Store {
  readonly table: ITable;
  readonly bucket: IBucket;
  /** The customer's keys that encrypt them, if any. */
  readonly keys: readonly IKey[];
}

/** Each action that the engine sends (a transaction is allowed by its items' actions). No scan: nothing reads the table as a whole. */
const tableActions = ["ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"].map(
  (action) => `dynamodb:${action}`,
);
const keyActions = ["Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey"].map((action) => `kms:${action}`);

/** Objects that writers put: entries' payloads (`j/`), in lib/engines/aws/keys.ts. */
export const payloads = "j/*";

/** The API writes and reads payloads and deletes none. */
export function apiPermissions(store: Store): PolicyStatement[] {
  return [...tableAndKeys(store), objects(store, ["s3:GetObject", "s3:PutObject"]), list(store)];
}

/** The janitor looks into payloads for the age of what they hold. Nobody deletes objects yet; only it ever may. */
export function janitorPermissions(store: Store): PolicyStatement[] {
  return [...tableAndKeys(store), objects(store, ["s3:GetObject"]), list(store)];
}

/** Topics and access rules are items of the table. */
export function resourcesPermissions(store: Store): PolicyStatement[] {
  return tableAndKeys(store);
}

function tableAndKeys({ table, keys }: Store): PolicyStatement[] {
  const ofTable = new PolicyStatement({ actions: tableActions, resources: [table.tableArn] });
  if (keys.length === 0) return [ofTable];
  return [ofTable, new PolicyStatement({ actions: keyActions, resources: keys.map(({ keyArn }) => keyArn) })];
}

function objects({ bucket }: Store, actions: string[]): PolicyStatement {
  return new PolicyStatement({ actions, resources: [bucket.arnForObjects(payloads)] });
}

/** Without it S3 answers 403 for an object that is not there. */
function list({ bucket }: Store): PolicyStatement {
  return new PolicyStatement({ actions: ["s3:ListBucket"], resources: [bucket.bucketArn] });
}
