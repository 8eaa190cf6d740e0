import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { answeredRecords, BadAnswer } from "../../../../lib/log/consumers/answered-records.ts";

const text = new TextDecoder();
const shown = (bytes: Uint8Array | null): string | null => bytes && text.decode(bytes);

describe("the records of a function's answer", () => {
  it("are none where none are allowed, or none are answered", () => {
    assert.deepEqual(answeredRecords({ records: [{ value: "x" }] }, []), []);
    for (const answer of [undefined, null, 1, "x", [], {}, { records: null }, { records: [] }])
      assert.deepEqual(answeredRecords(answer, ["out"]), []);
  });

  it("have text as it is, other values as JSON, bytes in base64, and nothing as null", () => {
    const records = answeredRecords(
      { records: [{ key: "k", value: { a: 1 } }, { keyBase64: "AAE=", value: 5 }, { value: null, topic: "out" }, {}] },
      ["out"],
    );
    assert.deepEqual(
      records.map(({ key, value }) => [shown(key), shown(value)]),
      [
        ["k", '{"a":1}'],
        ["\0\u0001", "5"],
        [null, null],
        [null, null],
      ],
    );
    assert.ok(records.every(({ topic }) => topic === "out"));
  });

  it("have headers, a partition and a time", () => {
    const headers = { one: "1", many: ["a", null, { base64: "Yg==" }] };
    const [record] = answeredRecords({ records: [{ headers, partition: 2, timestamp: 77 }] }, ["out"]);
    assert.deepEqual(
      record?.headers.map(({ key, value }) => `${key}=${shown(value)}`),
      ["one=1", "many=a", "many=null", "many=b"],
    );
    assert.deepEqual([record?.partition, record?.timestampMs], [2, 77]);
  });

  const wrong: readonly [unknown, RegExp][] = [
    ["none", /no array/],
    [["x"], /Record 0.*no object/],
    [[{ topic: "out" }, { offset: 1 }], /Record 1.*no field offset/],
    [[{ topic: "t" }], /outputTopics: out, other/],
    [[{ value: "x" }], /its topic/],
    [[{ topic: "out", key: "a", keyBase64: "YQ==" }], /not both/],
    [[{ topic: "out", valueBase64: 1 }], /no text/],
    [[{ topic: "out", valueBase64: "*" }], /Record 0/],
    [[{ topic: "out", headers: [] }], /headers are no object/],
    [[{ topic: "out", headers: { a: 1 } }], /header a/],
    [[{ topic: "out", partition: -1 }], /partition/],
    [[{ topic: "out", partition: 0.5 }], /partition/],
    [[{ topic: "out", timestamp: "now" }], /timestamp/],
  ];
  for (const [records, message] of wrong) {
    it(`that are wrong are told so: ${JSON.stringify(records)}`, () => {
      assert.throws(
        () => answeredRecords({ records }, ["out", "other"]),
        (reason) => reason instanceof BadAnswer && message.test(reason.message),
      );
    });
  }
});
