import { mutateText } from "./mutate.ts";
import type { SeededRandom } from "./random.ts";

/** Bodies that are fine, from which the wounded ones are made. */
export const produceBodies: readonly string[] = [
  '{"records":[{"value":"hello"}]}',
  '{"records":[{"key":"k","value":{"n":1.0,"big":123456789012345678901234567890,"n":[1,2,{"x":null}]},"partition":1},{"value":null}]}',
  '{"records":[{"keyBase64":"AP8=","valueBase64":"/w==","headers":{"a":"1","b":["x",null,{"base64":"AA=="}]},"timestamp":1700000000000}]}',
  ' { "records" : [ { "value" : "\\u00e9\\ud83d\\ude00\\n" , "partition" : 0 } , { } ] } ',
  '{"records":[{"value":true},{"value":-0.5e-10},{"value":[]},{"value":{}},{"value":""}]}',
  '{"records":[{"headers":{},"value":"é𝄞\u2028"},{"timestamp":0,"key":1,"partition":2}]}',
];

export const ndjsonBodies: readonly string[] = [
  '{"value":"a"}\n{"value":"b"}\n',
  '{"key":"k","value":1.0}\r\n\r\n{"valueBase64":"/w==","partition":1}',
  '\n{"headers":{"a":["1",{"base64":""}]}}\n{"timestamp":5,"value":[1,\t2]}\n',
];

export const topicBodies: readonly string[] = [
  '{"name":"NAME","partitions":3}',
  '{"name":"NAME","partitionsPerShard":1,"config":{"retention.ms":1000,"cleanup.policy":"compact"}}',
  '{"partitions":4}',
  '{"config":{"max.message.bytes":"100000","retention.bytes":null}}',
];

const tokens = [
  ...[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "\\",
    " ",
    "\n",
    "null",
    "true",
    "false",
    "0",
    "-",
    "1.0",
    "1e999",
    "9007199254740993",
    "01",
    "+1",
    ".5",
    "NaN",
  ],
  ...[
    '"records"',
    '"value"',
    '"key"',
    '"valueBase64"',
    '"keyBase64"',
    '"headers"',
    '"partition"',
    '"timestamp"',
    '"base64"',
    '"__proto__"',
    '""',
    '"eA=="',
  ],
  ...['"\\ud800"', '"\\u0000"', '"\\"', "\u0000", "\ufeff", "é", "{}", "[]", '{"value":"x"}', '{"records":[', "]}", "[[[[[[[[", '{"a":'],
];

/** JSON-like nonsense. */
export function tokenSoup(random: SeededRandom): string {
  let text = random.chance(2) ? '{"records":[{"value":' : "";
  for (let left = random.below(12); left > 0; left--) text += random.pick(tokens);
  return text + (random.chance(2) ? "}]}" : "");
}

/** Deep, wide or long: within reach of a limit. */
export function largeBody(random: SeededRandom): string {
  const depth = random.pick([63, 64, 65, 66, 1_000]);
  const count = random.pick([100, 999, 1_001]);
  return random.pick([
    () => `{"records":[{"value":${"[".repeat(depth)}${"]".repeat(depth)}}]}`,
    () => `{"records":[{"value":${'{"a":'.repeat(depth)}0${"}".repeat(depth)}}]}`,
    () => `{"records":[${Array(count).fill('{"value":1}').join(",")}]}`,
    () => `{"records":[{"headers":{"a":[${Array(count).fill('"x"').join(",")}]}}]}`,
    () => `{"records":[{"value":"${"x".repeat(count * 20)}"}]}`,
  ])();
}

const parameters = [
  "offset",
  "limit",
  "maxBytes",
  "wait",
  "format",
  "partition",
  "atomic",
  "expectedOffset",
  "timestamp",
  "prefix",
  "cursor",
  "nope",
];
const parameterValues = [
  ...[
    "0",
    "1",
    "-1",
    "5",
    "latest",
    "earliest",
    "@0",
    "@2026-01-31T08:00:00Z",
    "@2026-01-31",
    "@x",
    "text",
    "json",
    "base64",
    "true",
    "false",
    "",
  ],
  ...["9007199254740992", "99999999999999999999", "1e3", "0x1", "%00", "%ff", "%", "%F0%9F%98%80", "a b", "+", "1;2", "10000", "16777216"],
];

export function queryText(random: SeededRandom): string {
  if (random.chance(3)) return "";
  const pairs = Array.from({ length: random.below(4) }, () => `${random.pick(parameters)}=${random.pick(parameterValues)}`);
  const query = `?${pairs.join(random.chance(20) ? "&&" : "&")}`;
  // A long poll that nobody ends would only take time.
  return (random.chance(4) ? mutateText(random, query) : query).replaceAll(/wait=\d+/g, "wait=0");
}

const headerValues = {
  accept: [
    "*/*",
    "application/json",
    "text/event-stream",
    "application/vnd.stratalog.record-batch",
    "text/html",
    "application/*;q=0.5, */*;q=2",
    ";;,,",
    "",
  ],
  "content-type": [
    "application/json",
    "application/x-ndjson",
    "application/vnd.stratalog.record-batch",
    "text/plain",
    "application/json;charset=utf-8",
    "",
    "/",
  ],
  "producer-id": ["0", "1", "9223372036854775807", "9223372036854775808", "-1", "x", ""],
  "producer-epoch": ["0", "1", "32767", "32768", ""],
  "producer-seq": ["0", "1", "2", "2147483647", "2147483648", "1.5"],
  "last-event-id": ["0", "1", "999", "x", "x~0.0.0", "~", "9".repeat(30), ""],
  "content-length": ["0", "5", "99999999999", "x"],
  "content-encoding": ["gzip", "identity", "zstd"],
  origin: ["http://localhost", "null", "http://evil.example"],
  host: ["localhost", "evil.example", ""],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Headers by lower-case name, at most four of them changed from a set that works. */
export function headersFor(random: SeededRandom, contentType: string): Record<string, string> {
  const headers: Record<string, string> = { "content-type": contentType };
  if (random.chance(2)) return headers;
  const names = Object.keys(headerValues) as (keyof typeof headerValues)[];
  for (let left = random.below(4); left > 0; left--) {
    const name = random.pick(names);
    const value = random.pick<string>(headerValues[name]);
    headers[name] = random.chance(8) ? mutateText(random, value) : value;
  }
  return headers;
}
