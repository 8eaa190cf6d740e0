import type { GetItemCommandOutput } from "@aws-sdk/client-dynamodb";
import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import type { Prng } from "../../../lib/testing/sim/prng.ts";
import type { Stack } from "./disturbed.ts";
import type { FaultLog } from "./fault-log.ts";

const damaged = /^(?:j|o\/s)\//;

export interface DamageParts {
  readonly prng: Prng;
  /** Of a payload's read, asked with each. */
  readonly chance: () => number;
  readonly log: FaultLog;
}

/**
 * Flips a bit of payloads and segments as they are read, from DynamoDB or S3; of each payload once in a process, as what is damaged twice in a
 * row is told to the reader.
 */
export function damagePayloads(stack: Stack, parts: DamageParts): void {
  const { prng, chance, log } = parts;
  const done = new Set<string>();
  stack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const key = payloadKey(args.input);
      if (key === undefined || done.has(key) || !prng.chance(chance())) return answer;
      done.add(key);
      const bytes = await bytesOf(answer.output);
      if (bytes === undefined || bytes.length < 2) return answer;
      const at = prng.between(0, bytes.length - 1);
      const damaged = new Uint8Array(bytes);
      damaged[at] = (bytes[at] ?? 0) ^ (1 << prng.between(0, 7));
      log.fault("damaged", `byte ${at} of ${key}`);
      return { ...answer, output: withBytes(answer.output, damaged) };
    },
    { name: "damagePayloads", step: "initialize" },
  );
}

type Output = Partial<GetItemCommandOutput & GetObjectCommandOutput>;

function payloadKey(input: object): string | undefined {
  const { Key: key } = input as {
    readonly Key?: string | { readonly pk?: { readonly S?: string }; readonly sk?: { readonly S?: string } };
  };
  if (typeof key === "string") return damaged.test(key) && "Bucket" in input ? key : undefined;
  return key?.pk?.S?.startsWith("B#") === true ? `${key.pk.S}/${key.sk?.S ?? ""}` : undefined;
}

/** Reads an object's body, after which only `withBytes` can give it on. */
async function bytesOf(output: object): Promise<Uint8Array | undefined> {
  const { Item: item, Body: body } = output as Output;
  if (body !== undefined) return await body.transformToByteArray();
  return item?.["d"]?.B;
}

function withBytes<T extends object>(output: T, bytes: Uint8Array): T {
  const { Item: item } = output as Output;
  if (item === undefined) return { ...output, Body: { transformToByteArray: async () => bytes } };
  return { ...output, Item: { ...item, d: { B: bytes } } };
}
