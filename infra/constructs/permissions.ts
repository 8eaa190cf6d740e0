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

/** Objects of lib/engines/aws/keys.ts: entries' payloads, which writers put, and segments, which the janitor makes of them. */
const payloads = "j/*";
const segments = "o/*";
export const objectPatterns = [payloads, segments];

/** The API writes payloads, reads them and segments, and deletes neither. */
export function apiPermissions(store: Store): PolicyStatement[] {
  const objects = [allow(store, ["s3:GetObject", "s3:PutObject"], payloads), allow(store, ["s3:GetObject"], segments)];
  return [...tableAndKeys(store), ...objects, list(store)];
}

/** The janitor seals payloads into segments, of which it uploads big ones in parts, and deletes what is not needed any more. Only it ever may. */
export function janitorPermissions(store: Store): PolicyStatement[] {
  const objects = [
    allow(store, ["s3:GetObject", "s3:DeleteObject"], payloads),
    allow(store, ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"], segments),
  ];
  return [...tableAndKeys(store), ...objects, list(store)];
}

/** Topics and access rules are items of the table. */
export function resourcesPermissions(store: Store): PolicyStatement[] {
  return tableAndKeys(store);
}

/** Who looks what is to be done reads the table, and nothing else. */
export function readingPermissions({ table, keys }: Store): PolicyStatement[] {
  const ofTable = new PolicyStatement({ actions: ["dynamodb:GetItem", "dynamodb:Query"], resources: [table.tableArn] });
  if (keys.length === 0) return [ofTable];
  return [ofTable, new PolicyStatement({ actions: ["kms:Decrypt", "kms:DescribeKey"], resources: keys.map(({ keyArn }) => keyArn) })];
}

/** Records themselves, beside the table: to find those of a time. */
export function recordsPermissions(store: Store): PolicyStatement[] {
  return [...objectPatterns.map((pattern) => allow(store, ["s3:GetObject"], pattern)), list(store)];
}

function tableAndKeys({ table, keys }: Store): PolicyStatement[] {
  const ofTable = new PolicyStatement({ actions: tableActions, resources: [table.tableArn] });
  if (keys.length === 0) return [ofTable];
  return [ofTable, new PolicyStatement({ actions: keyActions, resources: keys.map(({ keyArn }) => keyArn) })];
}

function allow({ bucket }: Store, actions: string[], pattern: string): PolicyStatement {
  return new PolicyStatement({ actions, resources: [bucket.arnForObjects(pattern)] });
}

/** Without it S3 answers 403 for an object that is not there. */
function list({ bucket }: Store): PolicyStatement {
  return new PolicyStatement({ actions: ["s3:ListBucket"], resources: [bucket.bucketArn] });
}
