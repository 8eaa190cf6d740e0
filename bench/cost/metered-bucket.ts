import type { Bucket } from "../../lib/engines/aws/bucket.ts";
import type { Usage } from "./usage.ts";

/** The bucket, with every request counted. A put that is refused is billed like any other; a look at the write id is a HEAD, at a GET's price. */
export function meteredBucket(bucket: Bucket, usage: Usage): Bucket {
  return {
    async put(key, bytes, writeId) {
      usage.add("S3 PUT", { bytes: bytes.length });
      const isStored = await bucket.put(key, bytes, writeId);
      if (isStored) usage.stored.bucketBytes += bytes.length;
      return isStored;
    },
    async upload(key, writeId) {
      usage.add("S3 PUT", {});
      const upload = await bucket.upload(key, writeId);
      let partBytes = 0;
      return {
        async part(number, bytes) {
          usage.add("S3 PUT", { bytes: bytes.length });
          await upload.part(number, bytes);
          partBytes += bytes.length;
        },
        async complete() {
          usage.add("S3 PUT", {});
          const isStored = await upload.complete();
          if (isStored) usage.stored.bucketBytes += partBytes;
          return isStored;
        },
        giveUp: () => upload.giveUp(),
      };
    },
    async get(key, range) {
      const found = await bucket.get(key, range);
      usage.add("S3 GET", { bytes: typeof found === "object" ? found.length : 0 });
      return found;
    },
    async writeIdOf(key) {
      usage.add("S3 HEAD", {});
      return await bucket.writeIdOf(key);
    },
    async list(prefix, page) {
      usage.add("S3 LIST", {});
      return await bucket.list(prefix, page);
    },
    async delete(keys) {
      usage.add("S3 DELETE", {});
      await bucket.delete(keys);
    },
  };
}
