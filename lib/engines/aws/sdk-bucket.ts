import { DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import type { S3Client } from "@aws-sdk/client-s3";
import type { Bucket, BucketObject } from "./bucket.ts";
import { beginUpload, checksumOf } from "./sdk-upload.ts";
import { nameOf, sent, statusOf, storeFault } from "./sdk-faults.ts";
import { StoreFault } from "./table.ts";

/** The bucket over the AWS SDK. The client has to be made with `maxAttempts: 1`. */
export function sdkBucket(client: S3Client, bucketName: string): Bucket {
  const bucket = { Bucket: bucketName };
  const head = (key: string) => found(client.send(new HeadObjectCommand({ ...bucket, Key: key })));
  return {
    async put(key, bytes, writeId) {
      const command = new PutObjectCommand({
        ...bucket,
        Key: key,
        Body: bytes,
        IfNoneMatch: "*",
        Metadata: { w: writeId },
        ChecksumCRC32C: checksumOf(bytes),
      });
      try {
        await client.send(command);
        return true;
      } catch (reason) {
        if (statusOf(reason) === 412) return false;
        throw storeFault(reason);
      }
    },
    upload: (key, writeId) => beginUpload(client, { ...bucket, Key: key }, writeId),
    async get(key, range) {
      const wanted = range && { Range: `bytes=${range.start}-${range.start + range.length - 1}` };
      const answer = await found(getBytes(client, { ...bucket, Key: key, ...wanted }));
      if (answer !== "past-end") return answer;
      // The service says so of an empty object, wherever the range starts.
      const object = await head(key);
      if (object === undefined) return undefined;
      return object.ContentLength === 0 ? new Uint8Array(0) : "past-end";
    },
    async writeIdOf(key) {
      const object = await head(key);
      return object && (object.Metadata?.["w"] ?? "");
    },
    async list(prefix, { after, limit }) {
      const all: BucketObject[] = [];
      // A page may be short of what is there: the caller has to be able to tell the end by it.
      for (let start = after; ; start = all.at(-1)?.key) {
        const command = new ListObjectsV2Command({
          ...bucket,
          Prefix: prefix,
          MaxKeys: limit - all.length,
          ...(start === undefined ? {} : { StartAfter: start }),
        });
        const { Contents: objects = [], IsTruncated: isTruncated = false } = await sent(client.send(command));
        for (const { Key: key = "", Size: bytes = 0, LastModified: modified } of objects) {
          all.push({ key, bytes, modifiedMs: modified?.getTime() ?? 0 });
        }
        if (!isTruncated || all.length >= limit || objects.length === 0) return all;
      }
    },
    async delete(keys) {
      if (keys.length === 0) return;
      const command = new DeleteObjectsCommand({ ...bucket, Delete: { Objects: keys.map((key) => ({ Key: key })), Quiet: true } });
      const { Errors: errors = [] } = await sent(client.send(command));
      const [first] = errors;
      if (first === undefined) return;
      throw new StoreFault(
        "unknown",
        `${errors.length} of ${keys.length} objects may not be deleted: ${first.Key ?? ""} ${first.Code ?? ""}`,
      );
    },
  };
}

async function getBytes(client: S3Client, input: GetObjectCommand["input"]): Promise<Uint8Array | "past-end"> {
  try {
    const { Body: body, ContentLength: length } = await client.send(new GetObjectCommand(input));
    const bytes = body === undefined ? new Uint8Array(0) : await body.transformToByteArray();
    if (length !== undefined && bytes.length !== length) {
      throw new StoreFault("unknown", `${input.Key ?? ""}: ${bytes.length} of ${length} bytes were received.`);
    }
    return bytes;
  } catch (reason) {
    if (statusOf(reason) === 416) return "past-end";
    throw reason;
  }
}

/** The answer, or undefined when there is no such object. */
async function found<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (reason) {
    // To a HEAD the service cannot say what it is that was not found.
    if (statusOf(reason) === 404 && nameOf(reason) !== "NoSuchBucket") return undefined;
    throw storeFault(reason);
  }
}
