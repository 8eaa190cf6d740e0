/** The table that this engine needs, as data: what deploys it and what tests it make it from this. No SDK here. */
export const tableSchema = {
  partitionKey: "pk",
  sortKey: "sk",
  /** DynamoDB's time to live: only upkeep sets it, on what nothing refers to any more. */
  timeToLive: "ttl",
  billingMode: "PAY_PER_REQUEST",
} as const;
