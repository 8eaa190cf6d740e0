import { getRandomValues } from "node:crypto";
import type { Random } from "../ports/random.ts";

/** The machine's randomness, fit for ids and secrets. */
export const nodeRandom: Random = {
  bytes: (count) => getRandomValues(new Uint8Array(count)),
};
