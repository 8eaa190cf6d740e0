/** RecordBatch v2, Kafka's on-disk and on-wire format, as the log writes, checks and reads it. `docs/format.md` has the bytes. */
export { addToBaseOffsets, setBaseOffsets, setLogAppendTime } from "./batch-edit.ts";
export { type BatchHeader, batchHeaders, countRecords, readBatchHeader } from "./batch-header.ts";
export { checkBatches } from "./check-batches.ts";
export { decodeBatches, iterateRecords } from "./decode-batches.ts";
export { type BatchProducer, type EncodeOptions, encodeBatch, splitIntoBatches } from "./encode-batch.ts";
export { recordsFingerprint } from "./fingerprint.ts";
