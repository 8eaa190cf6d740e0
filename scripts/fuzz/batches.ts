import { crc32c } from "../../lib/core/codec/crc32c.ts";
import { mutateBytes } from "./mutate.ts";
import type { SeededRandom } from "./random.ts";

const crcAt = 17;
const attributesAt = 21;
const recordsAt = 61;

/** A wounded batch; three in four get the right length and checksum again, so that what stands behind them is reached. */
export function woundedBatch(random: SeededRandom, batch: Uint8Array): Uint8Array {
  if (random.chance(4)) return mutateBytes(random, batch);
  const head = batch.slice(0, recordsAt);
  const wounded = random.chance(3)
    ? Buffer.concat([head, batch.subarray(recordsAt)])
    : Buffer.concat([head, mutateBytes(random, batch.subarray(recordsAt))]);
  if (random.chance(2)) {
    const at = attributesAt + random.below(recordsAt - attributesAt);
    wounded[at] = random.chance(2) ? random.below(256) : (wounded[at] ?? 0) ^ (1 << random.below(8));
  }
  if (wounded.length > crcAt + 4) {
    wounded.writeInt32BE(wounded.length - 12, 8);
    wounded.writeUInt32BE(crc32c(wounded.subarray(attributesAt)), crcAt);
  }
  return random.chance(10) ? Buffer.concat([wounded, batch]) : wounded;
}
