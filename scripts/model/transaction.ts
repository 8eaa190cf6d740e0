/** Transactions over two heads: plain, idempotent, and with a group's offset. */
import type { Module } from "./module.ts";

/** Which heads an entry goes to. */
const both = [1, 1];
const head1 = [1, 0];
const head2 = [0, 1];

/** A transaction that races plain commits to each of its heads. */
const raced = { c1: [both], c2: [head1], c3: [head2] };
const allPlain = { c1: "plain", c2: "plain", c3: "plain" };
const racedByOne = { Work: { c1: [both], c2: [head2] }, Kind: { c1: "plain", c2: "plain" } };
const idempotent = { Work: { c1: [both, both] }, Kind: { c1: "idem" }, MaxAtt: 2, MaxTry: 1 };
const members = { Kind: { c1: "group", c2: "group" }, MaxTry: 1, Rebalance: true };
/** Two members of a group work through the same input: two entries, or one. */
const group = { ...members, Work: { c1: [both, both], c2: [both, both] } };
const smallGroup = { ...members, Work: { c1: [both], c2: [both, head1] } };
const alone = { Work: { c1: [both] }, Kind: { c1: "plain" } };

export const transaction: Module = {
  name: "Transaction",
  defaults: {
    Work: raced,
    Kind: allPlain,
    MaxAtt: 1,
    MaxTry: 2,
    Rebalance: false,
    Atomic: true,
    CondOn: "all",
    FenceOn: "any",
    Recover: "fence",
    Forget: false,
    LookIn: "same",
    LookFirst: false,
    GroupCond: true,
  },
  invariants: ["Whole", "AtMostOnce", "Fifo", "AckedThere", "AbsentStays", "OffsetWithOutput"],
  configurations: {
    ce01_no_condition: { ...alone, CondOn: "none" },
    ce02_fence_a_head_without_condition: { ...alone, CondOn: "first", FenceOn: "last" },
    ce03_sent_again_blindly: { ...alone, Recover: "blind" },
    ce04_sent_again_with_forgotten_token: { ...alone, Recover: "token", Forget: true },
    ce05_look_without_bump: { ...alone, Recover: "look" },
    ce06_look_before_bump_is_seen: { ...alone, LookFirst: true },
    ce07_update_by_update: { ...alone, Atomic: false },
    ce08_idempotent_without_condition: { ...idempotent, CondOn: "none" },
    ce09_offset_without_generation: { ...group, GroupCond: false },
    red1_condition_and_fence_on_one_head: { ...racedByOne, CondOn: "first", FenceOn: "first" },
    red2_look_in_the_other_head: { ...racedByOne, LookIn: "other" },
    red3_idempotent_condition_on_one_head: { ...idempotent, CondOn: "first" },
    red4_sent_again_with_remembered_token: { Recover: "token" },
    ok01_plain_raced: { MaxTry: 1 },
    ok02_plain_two_transactions: { Work: { c1: [both], c2: [both] }, Kind: { c1: "plain", c2: "plain" } },
    ok03_plain_three_tries: { ...racedByOne, MaxTry: 3 },
    ok04_plain_then_single: { Work: { c1: [both, head1], c2: [both] }, Kind: { c1: "plain", c2: "plain" } },
    ok05_idempotent_two_entries: idempotent,
    ok06_idempotent_mixed_heads: { ...idempotent, Work: { c1: [head2, both] } },
    ok07_idempotent_and_plain_transactions: { Work: { c1: [both], c2: [both] }, Kind: { c1: "idem", c2: "plain" }, MaxAtt: 2, MaxTry: 1 },
    ok09_idempotent_raced: { ...idempotent, Work: { c1: [both], c2: [head1] }, Kind: { c1: "idem", c2: "plain" } },
    ok08_group_offsets_with_zombie: smallGroup,
  },
  slow: [
    "red3_idempotent_condition_on_one_head",
    "ok02_plain_two_transactions",
    "ok03_plain_three_tries",
    "ok04_plain_then_single",
    "ok05_idempotent_two_entries",
    "ok07_idempotent_and_plain_transactions",
    "ok08_group_offsets_with_zombie",
    "ok06_idempotent_mixed_heads",
    "ok09_idempotent_raced",
  ],
};
