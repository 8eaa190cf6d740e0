import type { NetworkFaults } from "../../../lib/testing/sim/network.ts";
import { calm } from "./mixes.ts";
import { isCommit, isRoll, type SentRequest } from "./requests.ts";
import type { Variation } from "./run.ts";
import { stripped, type Strip } from "./strip.ts";
import { uncheckedBytes, uncoveredPages } from "./unchecked.ts";

const isCommitOf = (key: string, condition: string): boolean => isCommit({ key, condition });
const isRollOf = (key: string, condition: string): boolean => isRoll({ key, condition });
const ofCommits = (request: SentRequest): boolean => isCommit(request);
const ofRolls = (request: SentRequest): boolean => isRoll(request);

function without(...strips: readonly Strip[]): NonNullable<Variation["wrap"]> {
  return ({ table, bucket }) => ({ table: strips.reduce(stripped, table), bucket });
}

const small = {
  rollEntries: 2,
  tailEntriesMax: 8,
  headStatesMax: 16,
  idleStatesKept: 0,
  inlineBytes: 3_072,
  payloadCacheBytes: 0,
  pagesCached: 4,
};
const sound: NetworkFaults = { lost: 0, late: 0, lateMsMax: 0, repeated: 0, throttled: 0 };
/** Clients lose answers and ask again elsewhere; copies of requests come late. */
const forgetful: NetworkFaults = { ...sound, lost: 0.1, repeated: 1, late: 0.5, lateMsMax: 1_500 };
const common = { tuning: small, network: sound, partitions: 4, partitionsPerShard: 4, isSteady: true, collects: false } as const;
/** Their clients give up and ask again elsewhere, while the commit is still to come. */
const heldCommits = { ...calm, slow: 0.15, slowMsMax: 4_000, only: ofCommits };
const producers = { steady: 6, "steady-batch": 6, follower: 1 } as const;

/** Guards taken out, one at a time, outside of the product. The judge must find each soon; otherwise a run without findings proves nothing. */
export const guards = {
  /** An attempt of unknown outcome is not ended before the next. */
  ep: {
    ...common,
    wrap: without({ from: isCommitOf, clause: /^ep = :ep$/ }),
    mix: { ...calm, late: 0.3, lateMsMax: 1_500, only: ofCommits },
    crowd: { plain: 8, follower: 1 },
  },
  /** What the collector gave up can still be committed. */
  fe: {
    ...common,
    wrap: without({ from: isCommitOf, clause: /^fe < :oe$/ }),
    mix: { ...calm, slow: 0.4, slowMsMax: 2_500, only: ofCommits },
    crowd: { plain: 14, follower: 1 },
    collects: true,
  },
  /** A roll takes out what another one took out already. */
  roll: {
    ...common,
    wrap: without({ from: isRollOf, clause: /^(gen = :g|tseq = :t)$/ }),
    mix: { ...calm, slow: 0.5, slowMsMax: 400, only: ofRolls },
    crowd: { plain: 10, follower: 1 },
  },
  /** A producer's state leaves the head although it is newer than what was spilled; and an old one replaces a newer. */
  eviction: {
    ...common,
    wrap: without({ from: isRollOf, clause: /^p\.#s\d+\[0\] = :c\d+$/ }, { from: (pk) => pk.startsWith("PS#"), clause: /./ }),
    mix: { ...calm, slow: 1, slowMsMax: 400, only: ofRolls },
    tuning: { ...small, tailEntriesMax: 16 },
    network: forgetful,
    crowd: { steady: 24 },
    slowness: 1,
  },
  /** A producer's state may have come into the head and left it between the look and the commit. */
  gen: {
    ...common,
    wrap: without({ from: isCommitOf, clause: /^gen = :gen$/ }),
    mix: heldCommits,
    crowd: producers,
    slowness: 1,
  },
  /** A producer's state is not compared. */
  state: {
    ...common,
    wrap: without({ from: isCommitOf, clause: /^(p\.#s\d+\[0\] = :c\d+|attribute_not_exists\(p\.#s\d+\))$/ }),
    mix: heldCommits,
    tuning: { ...small, idleStatesKept: 8 },
    crowd: producers,
    slowness: 1,
  },
  /** A reader takes a page that begins later than where it has to. */
  coverage: { ...common, wrap: uncoveredPages, crowd: { plain: 6, follower: 4 } },
  /** The SDK sends again what it cannot know to be harmless. */
  maxAttempts: { ...common, maxAttempts: 3, mix: { ...calm, lost: 0.2, only: ofCommits }, crowd: { plain: 8, follower: 1 } },
  /** Nobody compares checksums. */
  crc: { ...common, wrap: uncheckedBytes, tuning: { ...small, inlineBytes: 150 }, crowd: { plain: 6, follower: 4 } },
} as const satisfies Record<string, Variation>;
