import type { Prng } from "../../../lib/testing/sim/prng.ts";
import type { SentRequest } from "./requests.ts";

/** How often what goes wrong, as probabilities of one request. */
export interface Mix {
  /** It waits before it is sent. */
  readonly slow: number;
  /** Its answer waits. */
  readonly slowAnswer: number;
  readonly slowMsMax: number;
  /** It is never sent, and its sender waits until the connection is reset. */
  readonly dropped: number;
  /** It is done, and the connection is reset before the answer. */
  readonly lost: number;
  /** Its sender is told of a timeout, and it is done long after. */
  readonly late: number;
  readonly lateMsMax: number;
  /** It is done, answered, and done once more long after. */
  readonly repeated: number;
  /** It is answered with status 500, done or not. */
  readonly failed: number;
  readonly throttled: number;
  /** A write meets a transaction. */
  readonly conflict: number;
  readonly unreachable: number;
  /** An eventually consistent read misses what was written lately. */
  readonly stale: number;
  /** A bit of a payload flips on its way to the reader. */
  readonly damaged: number;
  /** Which requests it hits; default all. */
  readonly only?: (request: SentRequest) => boolean;
}

export const calm: Mix = {
  slow: 0,
  slowAnswer: 0,
  slowMsMax: 0,
  dropped: 0,
  lost: 0,
  late: 0,
  lateMsMax: 0,
  repeated: 0,
  failed: 0,
  throttled: 0,
  conflict: 0,
  unreachable: 0,
  stale: 0,
  damaged: 0,
};

/** Few kinds of fault at a time go deeper than all at once. */
const episodes = {
  calm: { ...calm, stale: 0.2 },
  slow: { ...calm, slow: 0.3, slowAnswer: 0.2, slowMsMax: 400, stale: 0.5 },
  verySlow: { ...calm, slow: 0.05, slowAnswer: 0.02, slowMsMax: 4_000 },
  lossy: { ...calm, dropped: 0.03, lost: 0.08, stale: 0.2 },
  late: { ...calm, late: 0.1, lateMsMax: 4_000, slow: 0.1, slowMsMax: 100, stale: 0.3 },
  repeated: { ...calm, repeated: 0.3, lateMsMax: 3_000 },
  throttled: { ...calm, throttled: 0.2, unreachable: 0.05 },
  conflicts: { ...calm, conflict: 0.25, slow: 0.1, slowMsMax: 50 },
  failing: { ...calm, failed: 0.1, lost: 0.02 },
  stale: { ...calm, stale: 1, slow: 0.1, slowMsMax: 100 },
  damaged: { ...calm, damaged: 0.1, slow: 0.05, slowMsMax: 50 },
  all: {
    slow: 0.1,
    slowAnswer: 0.05,
    slowMsMax: 300,
    dropped: 0.01,
    lost: 0.02,
    late: 0.02,
    lateMsMax: 3_000,
    repeated: 0.02,
    failed: 0.01,
    throttled: 0.02,
    conflict: 0.02,
    unreachable: 0.01,
    stale: 0.3,
    damaged: 0.01,
  },
} as const satisfies Record<string, Mix>;

type EpisodeName = keyof typeof episodes;

export interface Episode {
  readonly name: string;
  readonly mix: Mix;
  readonly ms: number;
}

/** What comes next: often nothing much, so that progress is made. */
export function drawEpisode(prng: Prng): Episode {
  const names = Object.keys(episodes) as [EpisodeName, ...EpisodeName[]];
  const name = prng.chance(0.2) ? "calm" : prng.pick(names);
  return { name, mix: episodes[name], ms: prng.between(1_000, name === "calm" ? 3_000 : 5_000) };
}
