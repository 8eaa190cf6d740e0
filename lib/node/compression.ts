import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { lz4Decompress } from "../core/codec/lz4.ts";
import { snappyDecompress } from "../core/codec/snappy.ts";
import { LogError } from "../core/errors.ts";
import type { Compression, CompressionType } from "../ports/compression.ts";

/** Larger pieces than zlib's default of 16 KiB: fewer calls for a batch of a megabyte. */
const chunkBytes = 128 * 1024;

/** Kafka's codecs on Node: gzip and zstd by its zlib, both ways; snappy and lz4 are only read. */
export const nodeCompression: Compression = {
  compress(type: CompressionType, bytes: Uint8Array): Uint8Array {
    switch (type) {
      case "none":
        return bytes;
      case "gzip":
        return plain(gzipSync(bytes));
      case "zstd":
        return plain(zstdCompressSync(bytes));
      case "snappy":
      case "lz4":
        throw new LogError("invalid_config", `Batches are not compressed with ${type} here, only read: choose zstd or gzip.`);
    }
  },

  decompress(type: CompressionType, bytes: Uint8Array, bytesMax: number): Uint8Array {
    switch (type) {
      case "none":
        return bytes;
      case "gzip":
        return opened("gzip", bytes, bytesMax, gunzip);
      case "zstd":
        return opened("zstd", bytes, bytesMax, unzstd);
      case "snappy":
        return snappyDecompress(bytes, bytesMax);
      case "lz4":
        return lz4Decompress(bytes, bytesMax);
    }
  },
};

/** What zlib gives when it is asked for `info`: the types leave it out. */
interface WithInfo {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

type Open = (bytes: Uint8Array, bytesMax: number) => WithInfo;

const gunzip: Open = (bytes, bytesMax) =>
  gunzipSync(bytes, { maxOutputLength: bytesMax, chunkSize: chunkBytes, info: true }) as unknown as WithInfo;

const unzstd: Open = (bytes, bytesMax) =>
  zstdDecompressSync(bytes, {
    maxOutputLength: bytesMax,
    chunkSize: chunkBytes,
    info: true,
    params: { [constants.ZSTD_d_windowLogMax]: 27 },
  }) as unknown as WithInfo;

function opened(codec: string, bytes: Uint8Array, bytesMax: number, open: Open): Uint8Array {
  let result: WithInfo;
  try {
    result = open(bytes, bytesMax);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LogError("corrupt_message", `its ${codec} data cannot be opened (${reason})`, { cause: error });
  }
  const unread = bytes.length - result.engine.bytesWritten;
  if (unread !== 0) throw new LogError("corrupt_message", `${unread} bytes follow its ${codec} data`);
  return plain(result.buffer);
}

/** A Uint8Array that is no Buffer: the core knows none. */
function plain(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
