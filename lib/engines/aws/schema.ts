/** The table that this engine needs, as data: what deploys it and what tests it make it from this. No SDK here. */
export const tableSchema = {
  partitionKey: "pk",
  sortKey: "sk",
  /** DynamoDB's time to live: only upkeep sets it, on what nothing refers to any more. */
  timeToLive: "ttl",
  billingMode: "PAY_PER_REQUEST",
} as const;

/** How the keys of heads look, and no others: whoever listens to the table's stream hears of these alone. */
export const headKeys = { partitionKeyPrefix: "H#", sortKey: "H" } as const;
