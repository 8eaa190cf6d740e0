/** Every bound of the log, in one place. A request over one of them is refused and changes nothing. */
export const limits = {
  /** Kafka's rule for topic names. */
  topicNameLengthMax: 249,
  partitionsMax: 10_000,
  /** How often a topic may grow: the retry of an idempotent request may have to look at each count it had. */
  topicGrowthsMax: 64,
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
  /** All compressed batches of one raw request together, when they are opened. */
  requestDecompressedBytesMax: 128 * 1024 * 1024,
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
  /** Entries that a fetch looks up first; it goes on by `journalEntriesMax`. */
  fetchPageEntries: 64,
  /** A JSON answer ends after the record that makes it longer than this: packed batches can open to far more than they are. */
  fetchAnswerCharsMax: 32 * 1024 * 1024,
  /** The longest long poll. */
  fetchWaitMsMax: 30_000,
  /** Where other processes may write too, a waiting reader looks for what they wrote this often: soon at first, then at longer intervals. */
  sharedPollMs: 50,
  sharedPollMsMax: 1_000,
  /** Topics that one process remembers, and for how long before it reads them again. */
  topicCacheMax: 20_000,
  topicCacheMs: 5_000,
  /** Shards that one request works on at once. */
  shardConcurrency: 32,
  /** How often a request is decided anew because the topic changed under it. */
  redecisionsMax: 5,
  /** Catalog writes and shard appends of one transaction (DynamoDB allows 100 items). */
  transactWritesMax: 100,
  /** Outputs of one transaction together, in bytes of their batches; in records, `requestRecordsMax`. */
  outputBytesMax: 32 * 1024 * 1024,
  catalogValueBytesMax: 350 * 1024,
  catalogQueryLimitMax: 1_000,
  /** Entries of one `Journal.entries` answer. */
  journalEntriesMax: 1_000,
  /** Kafka's int64. */
  producerIdMax: 2n ** 63n - 1n,
  /** `local` engine: a journal file is closed, and the next one begun, before it grows past this. */
  localFileBytes: 256 * 1024 * 1024,
  /** One commit group: what is written together and waits for one fdatasync. */
  localGroupBytesMax: 8 * 1024 * 1024,
  localGroupJobsMax: 1_024,
  /** Appends that wait for their group; beyond it they are throttled. */
  localQueuedBytesMax: 64 * 1024 * 1024,
  localQueuedJobsMax: 50_000,
  localThrottleRetryMs: 25,
  /** When so many journal operations, or bytes, are not in the index, they are written to it. About twice as much is what a start has to replay. */
  localUnindexedOpsMax: 32_768,
  localUnindexedBytesMax: 64 * 1024 * 1024,
  /** When the index cannot be written, appends go on until this many wait for it. */
  localUnindexedOpsRefuse: 262_144,
  /** Shards and producer states kept in memory. */
  localShardsCachedMax: 65_536,
  localProducersCachedMax: 65_536,
  /** Slices that lie this close together are read at once, up to this many bytes, and so many reads run side by side. */
  localReadGapBytesMax: 4_096,
  localReadBytesMax: 8 * 1024 * 1024,
  localReadsAtOnceMax: 4,
  localOpenFilesMax: 64,
  /** `local` engine: shards that are remembered as those which need the oldest journal file. */
  localShardsAwaitedMax: 4_096,
  /** `aws` engine: payloads up to this size stand in DynamoDB, bigger ones in S3, unless the topic's `inline.max.bytes` says otherwise. */
  awsInlineBytes: 3 * 1024,
  /** What a DynamoDB item can hold besides its keys. */
  awsInlineBytesMax: 380 * 1024,
  /** A commit that brings a head's tail over one of these rolls it into a page. */
  awsRollEntries: 16,
  awsRollBytes: 1_024,
  /** A tail this full takes no commit before it was rolled. */
  awsTailEntriesMax: 128,
  awsTailBytesMax: 12 * 1024,
  /** Producer states of one head, and of one entry (an expression holds 4 KB). */
  awsHeadStatesMax: 480,
  awsEntryStatesMax: 64,
  /** A roll moves states that were not used lately out of the head when it has more than this. */
  awsIdleStatesKept: 8,
  awsIdleEntries: 20,
  /** Waiting requests of one shard that one commit takes along, in entries and bytes, and commits of one shard at once. */
  awsGroupEntriesMax: 16,
  awsGroupBytesMax: 4 * 1024 * 1024,
  awsGroupPartsMax: 48,
  awsCommitsAtOnceMax: 4,
  /** How long requests may be gathered. */
  awsLingerMsMax: 250,
  /** Appends that wait for their commit in one process; beyond it they are throttled. */
  awsQueuedBytesMax: 64 * 1024 * 1024,
  awsQueuedEntriesMax: 50_000,
  /** How long an operation is tried, how often at most, and the pauses in between (full jitter). */
  awsDeadlineMs: 10_000,
  awsAttemptsMax: 60,
  awsBackoffMs: 20,
  awsBackoffMsMax: 1_000,
  awsRetryAfterMs: 500,
  /** How long one request to DynamoDB or S3 may take. */
  awsRequestMsMax: 5_000,
  /** What one process remembers: heads, pages, payload bytes, and for how long it believes where a journal starts and what a head was. */
  awsHeadsCachedMax: 10_000,
  awsPagesCachedMax: 2_048,
  awsPayloadBytesCachedMax: 64 * 1024 * 1024,
  awsStartCacheMs: 5_000,
  awsHeadCacheMs: 1_000,
  /** Payloads up to this are read whole and kept; of bigger ones only the range that is wanted, ranges this close together at once. */
  awsPayloadWholeBytes: 8 * 1024 * 1024,
  awsReadGapBytesMax: 64 * 1024,
  awsReadBytesMax: 8 * 1024 * 1024,
  awsReadsAtOnceMax: 16,
  /** Pages that one query asks for. */
  awsPagesQueryMax: 64,
  /** A look-up that has found something gives up looking for more in entries of other partitions after this many. */
  awsScanEntriesMax: 4_096,
  /** The items of one DynamoDB transaction together. */
  awsTransactBytesMax: 4 * 1024 * 1024,
  /** Upkeep: requests at once, uncommitted payloads that are judged together, fence epochs (hours) that it looks at, from where it came to and up to now, when it was not called for long. */
  awsUpkeepAtOnceMax: 16,
  awsSuspectsMax: 50_000,
  awsEpochsBackMax: 48,
  /** What was trimmed or closed stays known for so long to writers that are still looking for their commit, or come late. */
  awsTombstoneMs: 86_400_000,
  /** An object whose length is not known goes to S3 in parts of this size, so many at once. */
  awsPartBytes: 8 * 1024 * 1024,
  awsPartsMax: 10_000,
  awsPartsAtOnceMax: 2,
  objectKeyBytesMax: 512,
  objectsListMax: 1_000,
  objectsDeleteMax: 1_000,
  producerEpochMax: 0x7fff,
  producerSequenceMax: 0x7fffffff,
  /** Request bodies that one process holds at the same time; over it requests are told to come again. */
  bodyBytesInFlightMax: 512 * 1024 * 1024,
  /** Answers that one process holds until their clients have read them, as well. */
  answerBytesInFlightMax: 512 * 1024 * 1024,
  /** Partitions of a topic that can be streamed as one. */
  streamPartitionsMax: 256,
  /** What an event stream reads ahead of its client, for each partition. */
  streamFetchBytes: 256 * 1024,
  /** A silent event stream sends a comment this often. */
  streamKeepAliveMs: 15_000,
  /** How long a client of an event stream is asked to wait before it connects again. */
  streamRetryMs: 1_000,
  /** Open connections of one server. */
  connectionsMax: 4_096,
  /** Request line and headers. */
  requestHeadersBytesMax: 16 * 1024,
  requestHeadersReceiveMsMax: 10_000,
  /** A whole request with its body, from its first byte to its last. */
  requestReceiveMsMax: 600_000,
  /** A connection on which nothing moves in either direction while a request is open; above every wait and keep-alive. */
  connectionIdleMsMax: 65_000,
  /** A connection without a request. */
  connectionKeepAliveMs: 30_000,
  /** What is read and dropped of a refused body, so that its sender gets to see the answer. */
  refusedBodyBytesMax: 64 * 1024 * 1024,
  /** Log lines that wait for their reader; beyond it lines are left out. */
  logBytesWaitingMax: 1024 * 1024,
  /** How long a closing server waits for requests that run. */
  closeGraceMs: 10_000,
  /** Lambda: an answer in one piece; as base64 it fits the 6 MB of an invocation's result. */
  lambdaAnswerBytesMax: 4_400_000,
  /** Custom resources: CloudFormation takes an answer of 4 KB. */
  resourceReasonCharsMax: 1_000,
  resourceAnswerAttemptsMax: 5,
  resourceAnswerMsMax: 10_000,
  /** Lambda: long polls and streams end this long before the function's time does. */
  lambdaEndMarginMs: 2_000,
  /** Groups: Kafka's bounds and defaults (`group.min.session.timeout.ms` and so on). A member beats several times within its session. */
  groupIdLengthMax: 249,
  groupMemberIdLengthMax: 249,
  groupMembersMax: 1_000,
  groupTopicsMax: 1_000,
  sessionTimeoutMsDefault: 45_000,
  sessionTimeoutMsMin: 6_000,
  sessionTimeoutMsMax: 1_800_000,
  heartbeatsPerSession: 9,
  /** Of one commit, which is one step: with the group's row what a transaction holds. */
  offsetCommitsMax: 99,
  /** Kafka's `offsets.retention.minutes`: a group without members is deleted with its offsets once it was not used for so long. */
  offsetsRetentionMinutesDefault: 10_080,
  /** How often a transaction is sent of which nobody can tell whether it was done. */
  transactionSendsMax: 2,
  transactionIdLengthMax: 100,
  /** Of an offset's metadata: Kafka's `offset.metadata.max.bytes`. */
  offsetMetadataBytesMax: 4_096,
  /** Triggered consumers: the bounds and defaults of Lambda's event source mappings. */
  triggerBatchSizeDefault: 100,
  triggerBatchSizeMax: 10_000,
  triggerWindowMsMax: 300_000,
  triggerRetriesMax: 10_000,
  triggerAgeMsMin: 60_000,
  triggerAgeMsMax: 604_800_000,
  triggerOutputTopicsMax: 10,
  /** How long a function that is triggered may take at most: who calls it is a function itself, and has to see it end. */
  functionTimeoutMsMax: 870_000,
  /** Who delivers needs so long before and after a call. */
  deliverMarginMs: 10_000,
  /** A lease of a partition: how long it holds, and how soon it is renewed while a call runs. */
  deliverLeaseMs: 60_000,
  deliverLeaseRenewMs: 20_000,
  /** How long after a failed call the next one is, doubled each time. What is up to the sleep is waited for; more is left to the sweep. */
  deliverBackoffMs: 1_000,
  deliverBackoffMsMax: 60_000,
  deliverSleepMsMax: 10_000,
  /** Up to so many partitions their rows are read one by one; of more, all rows of the group. */
  deliverRowReadsMax: 16,
  /** How long one who delivers believes a consumer's settings, which is how soon a pause holds. */
  deliverSettingsMs: 1_000,
  /**
   * How long who delivers reads on where there is more: past records that filters keep out until it commits that, and looks at the settings; and to fill a batch from
   * between them, where its batching window is no longer.
   */
  deliverReadMs: 1_000,
  /** What one read for a call takes of a partition. */
  triggerFetchBytes: 6 * 1024 * 1024,
  /** Of a function's error, what is kept in the partition's row, and with a dead letter, in UTF-16 units. */
  deliverErrorCharsMax: 200,
  deadLetterErrorCharsMax: 2_000,
  deadLetterListMax: 1_000,
  /** Filters of a triggered consumer, and the JSON of one: Lambda's bounds. */
  filtersMax: 10,
  filterBytesMax: 4_096,
  /**
   * The records of one triggered event, as JSON: of the 6 MB that Lambda takes, 16 KiB are left for what stands around them
   * (the names of the source and the servers, and the topic and partition; each has its own bound far below that).
   */
  triggerEventBytesMax: 6 * 1024 * 1024 - 16 * 1024,
  /** Lambda: how long a call of a function is waited for beyond the function's own time, and any other request of a delivery. */
  lambdaCallMarginMs: 8_000,
  deliverRequestMsMax: 10_000,
  /** Deliveries that a router starts side by side. */
  deliverStartsAtOnce: 32,
  /** What a message of SQS, and of SNS, may hold. */
  sqsMessageBytesMax: 1024 * 1024,
  snsMessageBytesMax: 256 * 1024,
  /** A server that runs triggered functions itself: partitions of a consumer that are delivered side by side, and threads of a function, each of which runs one call at a time. */
  localRunsMax: 64,
  localThreadsMax: 4,
  /** How long a partition is delivered before another one that waits has its turn. */
  localTurnMs: 5_000,
  /** How often it compares all ends and offsets, lest a hint got lost; after a fault, how soon it looks again. */
  localSweepMs: 60_000,
  localFaultPauseMs: 1_000,
  /** How soon a partition is tried again that is still being delivered under an earlier setting. */
  localBusyMs: 100,
  /** Of a look at a topic's partitions: what takes longer is followed by a pause, so many times as long, up to the longest. */
  localLookMs: 5,
  localLookPauses: 4,
  localLookPauseMsMax: 250,
  /** How long a function may load: Lambda's bound. What each of its threads may hold, in MiB. */
  localLoadMsMax: 10_000,
  localThreadMemoryMib: 1_024,
  /** What a function has printed, in UTF-16 units, and nobody has read yet: beyond it, it waits. */
  localOutputCharsMax: 1_048_576,
  /** How long a changed file is left alone before it is loaded: editors write in steps. */
  localReloadQuietMs: 100,
  /** A server's janitor: how often it looks around, where others share the log too, and how long a round may take. A step of it ends, or says how far it is, after so long. Of what it could not tend, so many are told one by one. */
  janitorIntervalMs: 10_000,
  janitorSharedIntervalMs: 60_000,
  janitorRoundMsMax: 300_000,
  janitorStepMs: 10_000,
  janitorFailuresTold: 100,
  /** Lambda: a janitor begins no further topic this long before its time is over. */
  janitorEndMarginMs: 15_000,
  /** ACLs and tokens of one log: each process keeps them all, so that rights and unknown tokens cost no read. */
  aclsMax: 10_000,
  tokensMax: 2_000,
  /** An ACL as the text that is its key (DynamoDB allows 1,024 bytes), and the cursor of a list of them. */
  aclTextBytesMax: 1_000,
  listCursorLengthMax: 1_000,
  /** ACLs of one request, which are added in one transaction, and scopes of one token. */
  aclsRequestMax: 99,
  tokenScopesMax: 20,
  /** `User:` and the name, in UTF-8. */
  principalBytesMax: 512,
  /** A resource's name in an ACL: Kafka's rule for topics, also for groups. */
  resourceNameLengthMax: 249,
  tokenDescriptionLengthMax: 200,
  /** Where other processes may change ACLs and tokens: how long this one's are believed, which is how soon a change holds everywhere. */
  accessCacheMs: 5_000,
  /** A refusal is believed this long only: what was just granted or made elsewhere is to be found soon, and many bad requests are to cost few reads. */
  accessRefusalCacheMs: 250,
  /** Long polls, streams and long uploads are checked again this often: rights, and the credentials themselves. */
  accessRecheckMs: 5_000,
  /** Topics that one listing looks at to find those that the caller may see. */
  listScanMax: 100_000,
  /** How far a JWT issuer's clock may be off. */
  jwtClockToleranceMs: 30_000,
  /** An issuer's keys: how long they are believed, how soon an unknown key makes them be fetched again, how long a fetch may take, how soon after one the next may be. */
  jwksCacheMs: 600_000,
  jwksCooldownMs: 30_000,
  jwksFetchMsMax: 5_000,
  jwksRetryMs: 1_000,
  /** What `STRATALOG_ADMIN_TOKEN` has at least, in characters. */
  adminTokenLengthMin: 32,
  /** How long a browser remembers that an origin is allowed. */
  corsMaxAgeMs: 600_000,
  /** A quota: bytes or requests a second. What it gives in `quotaDebtMsMax` is below 2^53. */
  quotaRateMax: 10_000_000_000,
  /** Principals with a row of quotas. */
  quotasMax: 1_000,
  /** Principals whose use one process remembers; one that was forgotten starts with a full window. */
  quotaAccountsMax: 10_000,
  /** A quota that was not used for so long is full: what may be spent at once. And what its debt is at most, in time. */
  quotaWindowMs: 10_000,
  quotaDebtMsMax: 600_000,
  /** Where several processes share quotas: what a process leases at least, in time of the rate, and for how long it may spend it. */
  quotaLeaseMsMin: 250,
  quotaLeaseLifeMs: 10_000,
  /** How often a lease is tried when others lease meanwhile, and how long a request waits for one, or for rules, before it goes on without. */
  quotaLeaseAttemptsMax: 8,
  /** A process that lost a lease to others asks again later each time, up to this. */
  quotaLeaseBackoffMsMax: 4_000,
  quotaWaitMsMax: 1_000,
  /** How long a process goes by its own count when it could not lease, before it asks again. */
  quotaAloneMs: 1_000,
  /** Rules are asked for again this often; how old they may be is `accessCacheMs` more. */
  quotaRulesMs: 1_000,
  /** SDK: records that wait for room in a producer's buffer; beyond it `send` is throttled. */
  producerWaitingMax: 100_000,
  /** A shard is sealed when so many entries, or bytes, wait, or when some have waited for so long. */
  sealEntries: 4_096,
  sealBytes: 16 * 1024 * 1024,
  sealAgeMs: 3_600_000,
  /** One seal takes at most so many bytes of batches, and so many entries. An entry is taken whole. */
  sealBytesMax: 32 * 1024 * 1024,
  sealEntriesMax: 65_536,
  /** Seals of one visit to a shard; then others come first. */
  visitSealsMax: 8,
  visitMergesMax: 8,
  /** The journal keeps what is sealed for so long, and so many seals' worth of it. */
  trimLagMs: 600_000,
  trimsMax: 16,
  /** Times that a frontier remembers, by which the age of what waits is known. */
  frontierSeenMax: 32,
  /** What is read of the journal, or of a segment, at once to be written into a segment; and partitions of a shard that are sealed side by side. */
  strataReadBytes: 8 * 1024 * 1024,
  sealPartitionsAtOnce: 2,
  /** Objects that nothing refers to any more, or not yet, stay for so long. */
  garbageGraceMs: 3_600_000,
  garbageRowsRead: 100,
  /** What writers left behind is looked for, where finding it by shard costs too much, this often. */
  sweepEveryMs: 86_400_000,
  /** Segments of one merge. */
  mergeSegmentsMin: 8,
  mergeSegmentsMax: 64,
  /** Bytes that are merged, or compacted, into one segment: eight seals of the largest size, and what a round has time for (decision 0011). */
  rewriteBytesMax: 256 * 1024 * 1024,
  /** One pass of compaction remembers so many keys, with at most 48 bytes each, and reads at most so many bytes for them. */
  compactionKeysMax: 4_000_000,
  compactionMapBytes: 8 * 1024 * 1024 * 1024,
  /** A writer says at most this often that a shard is in use; a shard of which nobody has said so for a while is quiet: longer than that, by more than clocks differ. */
  activeMarkMs: 600_000,
  activeQuietMs: 3_600_000,
  activeMarksMax: 100_000,
  /** Segments of a process: the bytes that it has of them, those that are on their way too; the indexes and largest timestamps that it keeps; what it reads at once, and ahead, for who reads in order, and how long it keeps that for one who does not come. */
  segmentCacheBytesMax: 128 * 1024 * 1024,
  segmentIndexesMax: 1_024,
  segmentTimesMax: 100_000,
  segmentStretchBytes: 8 * 1024 * 1024,
  segmentStretchesAhead: 2,
  segmentReadersMax: 10_000,
  segmentReaderMs: 10_000,
  segmentRowsMax: 4,
  /** How long a process believes which object a segment is: what compaction has removed goes on being read for so long. */
  segmentRowMs: 60_000,
  segmentReadAttemptsMax: 5,
  /** Topics of which a check of the whole log remembers what has become of them. */
  checkTopicsKept: 20_000,
  /** Segments, and the journal after them, that one fetch goes over. */
  fetchRunsMax: 16,
  frontierCacheMs: 5_000,
  frontiersCachedMax: 20_000,
} as const;
