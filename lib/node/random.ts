import { randomFillSync } from "node:crypto";
import type { Random } from "../ports/random.ts";

/** The machine's randomness, fit for ids and secrets. */
export const nodeRandom: Random = {
  bytes: (count) => randomFillSync(new Uint8Array(count)),
};
