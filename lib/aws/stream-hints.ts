import { readHeadKey, shardName } from "../engines/aws/keys.ts";
import type { ShardHint } from "../log/consumers/consumers.ts";

/** Of a record of DynamoDB Streams, the part that is looked at. */
export interface StreamRecord {
  readonly dynamodb?: { readonly Keys?: Readonly<Record<string, { readonly S?: string | undefined }>> | undefined } | undefined;
}

/** The shards whose heads a batch of the table's stream tells of, each once. */
export function shardsThatChanged(records: readonly StreamRecord[]): readonly ShardHint[] {
  const shards = new Map<string, ShardHint>();
  for (const { dynamodb } of records) {
    const keys = dynamodb?.Keys ?? {};
    const shard = readHeadKey({ pk: keys["pk"]?.S ?? "", sk: keys["sk"]?.S ?? "" });
    if (shard !== undefined) shards.set(shardName(shard), shard);
  }
  return [...shards.values()];
}
