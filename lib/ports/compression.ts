/** Kafka's compression codecs, by the number in a batch's attributes. */
export type CompressionType = "none" | "gzip" | "snappy" | "lz4" | "zstd";

/** Packs and opens record data. Bound by the composition root, since some codecs come from the platform. */
export interface Compression {
  /** @throws invalid_config for a codec that is only read (snappy, lz4) */
  compress(type: CompressionType, bytes: Uint8Array): Uint8Array;
  /** @throws corrupt_message when the bytes are not that codec's or would open to more than `bytesMax` (checked before allocating) */
  decompress(type: CompressionType, bytes: Uint8Array, bytesMax: number): Uint8Array;
}
