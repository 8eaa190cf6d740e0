import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompletedPart,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { S3Client } from "@aws-sdk/client-s3";
import { crc32c } from "../../core/codec/crc32c.ts";
import type { Upload } from "./bucket.ts";
import { nameOf, sent, statusOf, storeFault } from "./sdk-faults.ts";
import { StoreFault } from "./table.ts";

/** S3's multipart upload. */
export async function beginUpload(
  client: S3Client,
  object: { readonly Bucket: string; readonly Key: string },
  writeId: string,
): Promise<Upload> {
  const begin = new CreateMultipartUploadCommand({ ...object, Metadata: { w: writeId }, ChecksumAlgorithm: "CRC32C" });
  const { UploadId: id } = await sent(client.send(begin));
  if (id === undefined) throw new StoreFault("unknown", `${object.Key}: the upload has no id.`);
  const upload = { ...object, UploadId: id };
  const parts = new Map<number, CompletedPart>();
  return {
    async part(number, bytes) {
      const checksum = checksumOf(bytes);
      const command = new UploadPartCommand({ ...upload, PartNumber: number, Body: bytes, ChecksumCRC32C: checksum });
      const { ETag: tag } = await sent(client.send(command));
      parts.set(number, { PartNumber: number, ETag: tag, ChecksumCRC32C: checksum });
    },
    async complete() {
      const ordered = [...parts].sort(([a], [b]) => a - b).map(([, part]) => part);
      try {
        await client.send(new CompleteMultipartUploadCommand({ ...upload, IfNoneMatch: "*", MultipartUpload: { Parts: ordered } }));
        return true;
      } catch (reason) {
        if (statusOf(reason) === 412) return false;
        throw storeFault(reason);
      }
    },
    async giveUp() {
      try {
        await client.send(new AbortMultipartUploadCommand(upload));
      } catch (reason) {
        if (nameOf(reason) !== "NoSuchUpload") throw storeFault(reason);
      }
    },
  };
}

/** Of bytes, as S3 has it in a request: CRC-32C, big-endian, in base 64. */
export function checksumOf(bytes: Uint8Array): string {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32c(bytes));
  return checksum.toString("base64");
}
