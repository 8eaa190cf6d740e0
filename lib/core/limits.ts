/** Every bound of the log, in one place. A request over one of them is refused and changes nothing. */
export const limits = {
  /** Kafka's rule for topic names. */
  topicNameLengthMax: 249,
  partitionsMax: 10_000,
  partitionsPerShardMax: 16,
  partitionsPerShardDefault: 4,
  /** Kafka's `num.partitions` default. */
  partitionsDefault: 1,
  /** A whole request body, JSON or raw batches. */
  requestBytesMax: 16 * 1024 * 1024,
  /** Records of one JSON request, or of one record batch. */
  requestRecordsMax: 100_000,
  /** Records of one NDJSON request. Their offsets are held until the answer: about 12 bytes a record. */
  ndjsonRecordsMax: 1_000_000,
  /** One line of an NDJSON request. */
  ndjsonLineBytesMax: 4 * 1024 * 1024,
  /** An NDJSON request is appended in pieces of about this size. */
  ndjsonChunkBytes: 1024 * 1024,
  jsonDepthMax: 64,
  recordHeadersMax: 1_000,
  /** The upper bound of a topic's `max.message.bytes`. */
  messageBytesMax: 16 * 1024 * 1024,
  /** A compressed batch may not grow past this when it is opened. */
  batchDecompressedBytesMax: 64 * 1024 * 1024,
  /** One journal entry: the record batches of one commit to one shard. */
  entryBytesMax: 32 * 1024 * 1024,
  /** Record batches of one raw request. */
  requestBatchesMax: 10_000,
  /** Topics, groups and the like of one page of a listing. */
  listLimitDefault: 100,
  listLimitMax: 1_000,
  fetchRecordsDefault: 500,
  fetchRecordsMax: 10_000,
  fetchBytesDefault: 1024 * 1024,
  fetchBytesMax: 16 * 1024 * 1024,
  /** The longest long poll. */
  fetchWaitMsMax: 30_000,
  /** Catalog writes and shard appends of one transaction (DynamoDB allows 100 items). */
  transactWritesMax: 100,
  catalogValueBytesMax: 350 * 1024,
  catalogQueryLimitMax: 1_000,
  /** Entries of one `Journal.entries` answer. */
  journalEntriesMax: 1_000,
  producerEpochMax: 0x7fff,
  producerSequenceMax: 0x7fffffff,
} as const;
