import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { S3ServiceException } from "@aws-sdk/client-s3";
import type { S3Client } from "@aws-sdk/client-s3";
import { sdkBucket } from "../../../../lib/engines/aws/sdk-bucket.ts";

type Answer = object | Error;

/** A client that gives these answers, one after the other, and shows what it was asked. */
function fake(...answers: readonly Answer[]) {
  const sent: [command: string, input: Record<string, unknown>][] = [];
  const client = {
    send: (command: { readonly input: Record<string, unknown> }) => {
      const answer = answers[sent.length] ?? {};
      sent.push([command.constructor.name, command.input]);
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
  return { bucket: sdkBucket(client as unknown as S3Client, "b"), sent };
}

function answered(name: string, status: number): Error {
  return new S3ServiceException({ name, $fault: status < 500 ? "client" : "server", $metadata: { httpStatusCode: status } });
}

function body(...bytes: number[]): object {
  return { Body: { transformToByteArray: () => Promise.resolve(Uint8Array.from(bytes)) }, ContentLength: bytes.length };
}

describe("the SDK's bucket", () => {
  it("stores an object if the key is free, with its checksum and its writer's id", async () => {
    const { bucket, sent } = fake(
      {},
      answered("PreconditionFailed", 412),
      answered("ConditionalRequestConflict", 409),
      answered("InternalError", 500),
    );
    const bytes = Buffer.from("123456789");
    assert.equal(await bucket.put("k", bytes, "w1"), true);
    assert.equal(await bucket.put("k", bytes, "w2"), false);
    await assert.rejects(bucket.put("k", bytes, "w3"), { name: "StoreFault", kind: "conflict" });
    await assert.rejects(bucket.put("k", bytes, "w4"), { name: "StoreFault", kind: "unknown" });
    const checksum = Buffer.from([0xe3, 0x06, 0x92, 0x83]).toString("base64");
    assert.deepEqual(sent[0], [
      "PutObjectCommand",
      { Bucket: "b", Key: "k", Body: bytes, IfNoneMatch: "*", Metadata: { w: "w1" }, ChecksumCRC32C: checksum },
    ]);
  });

  it("uploads an object in parts, each with its checksum, and completes it if the key is free", async () => {
    const answers = [
      { UploadId: "u" },
      { ETag: "t2" },
      { ETag: "t1" },
      answered("PreconditionFailed", 412),
      answered("InternalError", 200),
      {},
    ];
    const { bucket, sent } = fake(...answers, answered("NoSuchUpload", 404), answered("NoSuchUpload", 404), answered("InternalError", 500));
    const bytes = Buffer.from("123456789");
    const upload = await bucket.upload("k", "w1");
    await upload.part(2, bytes);
    await upload.part(1, bytes);
    assert.equal(await upload.complete(), false);
    // So S3 says what befell it after it had begun to answer.
    await assert.rejects(upload.complete(), { name: "StoreFault", kind: "unknown" });
    assert.equal(await upload.complete(), true);
    await assert.rejects(upload.complete(), { name: "StoreFault", kind: "refused" });
    await upload.giveUp();
    await assert.rejects(upload.giveUp(), { name: "StoreFault", kind: "unknown" });
    const own = { Bucket: "b", Key: "k", UploadId: "u" };
    const checksum = Buffer.from([0xe3, 0x06, 0x92, 0x83]).toString("base64");
    const part = (number: number) => ({ PartNumber: number, ETag: `t${number}`, ChecksumCRC32C: checksum });
    assert.deepEqual(sent[0], [
      "CreateMultipartUploadCommand",
      { Bucket: "b", Key: "k", Metadata: { w: "w1" }, ChecksumAlgorithm: "CRC32C" },
    ]);
    assert.deepEqual(sent[1], ["UploadPartCommand", { ...own, PartNumber: 2, Body: bytes, ChecksumCRC32C: checksum }]);
    const whole = { ...own, IfNoneMatch: "*", MultipartUpload: { Parts: [part(1), part(2)] } };
    assert.deepEqual(sent[3], ["CompleteMultipartUploadCommand", whole]);
    assert.deepEqual(sent.at(-1), ["AbortMultipartUploadCommand", own]);
  });

  it("reads an object or a range of it", async () => {
    const { bucket, sent } = fake(body(1, 2), body(2), answered("NoSuchKey", 404));
    assert.deepEqual(await bucket.get("k"), Uint8Array.from([1, 2]));
    assert.deepEqual(await bucket.get("k", { start: 1, length: 4 }), Uint8Array.from([2]));
    assert.equal(await bucket.get("k"), undefined);
    assert.equal(sent[1]?.[1]["Range"], "bytes=1-4");
  });

  it("tells a range past the end from one of an empty object, and from no object", async () => {
    const range = { start: 1, length: 4 };
    const pastEnd = answered("InvalidRange", 416);
    assert.equal(await fake(pastEnd, { ContentLength: 1 }).bucket.get("k", range), "past-end");
    assert.deepEqual(await fake(pastEnd, { ContentLength: 0 }).bucket.get("k", range), new Uint8Array(0));
    assert.equal(await fake(pastEnd, answered("NotFound", 404)).bucket.get("k", range), undefined);
  });

  it("does not take a bucket that is not there for an object that is not, nor a cut body for a whole one", async () => {
    await assert.rejects(fake(answered("NoSuchBucket", 404)).bucket.get("k"), { name: "StoreFault", kind: "refused" });
    await assert.rejects(fake({ ...body(1), ContentLength: 2 }).bucket.get("k"), { name: "StoreFault", kind: "unknown" });
    const reset = { transformToByteArray: () => Promise.reject(Object.assign(new Error("aborted"), { code: "ECONNRESET" })) };
    await assert.rejects(fake({ Body: reset }).bucket.get("k"), { name: "StoreFault", kind: "unknown" });
  });

  it("tells whose an object is", async () => {
    assert.equal(await fake({ Metadata: { w: "w1" } }).bucket.writeIdOf("k"), "w1");
    assert.equal(await fake({}).bucket.writeIdOf("k"), "");
    assert.equal(await fake(answered("NotFound", 404)).bucket.writeIdOf("k"), undefined);
    await assert.rejects(fake(answered("Forbidden", 403)).bucket.writeIdOf("k"), { kind: "refused" });
  });

  it("lists until the limit or the end, though a page be short", async () => {
    const object = (Key: string) => ({ Key, Size: 3, LastModified: new Date(7) });
    const { bucket, sent } = fake({ Contents: [object("a")], IsTruncated: true }, { Contents: [object("b")], IsTruncated: false });
    const listed = await bucket.list("", { after: "0", limit: 5 });
    assert.deepEqual(listed, [
      { key: "a", bytes: 3, modifiedMs: 7 },
      { key: "b", bytes: 3, modifiedMs: 7 },
    ]);
    assert.deepEqual(
      sent.map(([, { StartAfter, MaxKeys }]) => [StartAfter, MaxKeys]),
      [
        ["0", 5],
        ["a", 4],
      ],
    );
    assert.deepEqual(await fake({ Contents: [object("a")], IsTruncated: true }).bucket.list("", { limit: 1 }), [listed[0]]);
  });

  it("does not say that objects are deleted when one may not be", async () => {
    await fake({}).bucket.delete(["a"]);
    const { bucket, sent } = fake({ Errors: [{ Key: "a", Code: "InternalError" }] });
    await bucket.delete([]);
    assert.equal(sent.length, 0);
    await assert.rejects(bucket.delete(["a", "b"]), { name: "StoreFault", kind: "unknown" });
  });
});
