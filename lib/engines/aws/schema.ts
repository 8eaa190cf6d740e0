/** The table that this engine needs, as data: what deploys it and what tests it make it from this. No SDK here. */
export const tableSchema = {
  partitionKey: "pk",
  sortKey: "sk",
  /** DynamoDB's time to live; only sealing sets it. */
  timeToLive: "ttl",
  billingMode: "PAY_PER_REQUEST",
} as const;
