import { sdkBucket } from "../../lib/engines/aws/sdk-bucket.ts";
import { sdkTable } from "../../lib/engines/aws/sdk-table.ts";
import { nodeClock } from "../../lib/node/clock.ts";
import { nodeRandom } from "../../lib/node/random.ts";
import type { EmulatedAws } from "../../scripts/emulators/aws-store.ts";
import { type StoreMaker, storeOf } from "./store.ts";

/** Stores over the emulators, in real time. */
export function emulatedStores(aws: EmulatedAws): StoreMaker {
  return async () => {
    const names = await aws.createStore();
    const table = sdkTable(aws.clients.dynamodb, names.table);
    const bucket = sdkBucket(aws.clients.s3, names.bucket);
    return storeOf({ table, bucket, peek: table, clock: nodeClock, random: nodeRandom, pass: () => undefined });
  };
}
