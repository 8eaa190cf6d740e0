/** The roll as plain writes: racing rollers, orphan pages, eviction, sealing, deletion, collection, a reader. */
import type { Constants, Module } from "./module.ts";

/** What each client appends, as epoch and sequence. Epoch 0: a plain client. */
const plain = [0, 0];
const onePlain = { c1: [plain] };
const twoPlain = { c1: [plain, plain] };
const twoClients = { c1: [plain], c2: [plain] };
const threePlain = { c1: [plain, plain], c2: [plain] };
const threeInRow = { c1: [plain, plain, plain] };
const once = [1, 1];
const again = [1, 2];
const newEpoch = [2, 1];
/** A new epoch counts from 1 again: its first entry has a lower sequence than the last one before it. */
const epochs = { c1: [once, again, newEpoch] };

const withReader: Constants = { ReaderOn: true, Seals: true, Expire: true, PayDrop: true };
const withCollector: Constants = { MaxGC: 1, MaxClock: 2 };
const idempotent: Constants = { MaxAtt: 2, Evict: true };

export const roll: Module = {
  name: "Roll",
  defaults: {
    Work: twoClients,
    MaxAtt: 1,
    MaxTry: 1,
    MaxRolls: 2,
    Evict: false,
    Seals: false,
    Expire: false,
    PayDrop: false,
    MaxClock: 1,
    MaxGC: 0,
    ReaderOn: false,
    ReaderEC: false,
    Chain: false,
    PutFirst: true,
    StatesFirst: true,
    HeadCond: "both",
    EvictCond: true,
    StateRule: "epoch",
    PageKey: "roll",
    GenCond: true,
    Bump: true,
    CoverWalk: true,
    CoverRead: true,
    FloorStart: true,
    GCFence: true,
    SealBound: true,
    DeleteBy: "end",
  },
  invariants: ["Dense", "Facts", "SealedOK", "Readable", "AckedThere", "AtMostOnce", "Fifo", "Refusals", "ReaderOK"],
  configurations: {
    ce01_head_update_before_page_put: { PutFirst: false },
    ce02_head_update_without_condition: { HeadCond: "none" },
    ce03_head_update_before_state_put: { Work: { c1: [once] }, ...idempotent, MaxRolls: 1, StatesFirst: false },
    ce04_eviction_without_unchanged_condition: { Work: { c1: [once, again] }, ...idempotent, MaxRolls: 1, EvictCond: false },
    ce05_state_put_without_condition: { Work: { c1: [once, again] }, ...idempotent, MaxAtt: 1, MaxTry: 2, StateRule: "any" },
    ce06_state_put_by_sequence_alone: { Work: { c1: [once, newEpoch] }, ...idempotent, MaxAtt: 1, MaxTry: 2, StateRule: "seq" },
    ce07_absent_producer_without_gen: { Work: { c1: [once] }, ...idempotent, MaxRolls: 1, GenCond: false },
    ce08_ambiguous_without_bump: { Work: onePlain, MaxTry: 2, MaxRolls: 0, Bump: false },
    ce09_walk_without_coverage: { Work: onePlain, MaxTry: 2, MaxRolls: 1, Seals: true, Expire: true, CoverWalk: false },
    ce10_walk_without_coverage_chain: { Work: onePlain, MaxTry: 2, MaxRolls: 1, Seals: true, Expire: true, CoverWalk: false, Chain: true },
    ce11_commit_without_fence: { Work: onePlain, ...withCollector, MaxRolls: 0, GCFence: false },
    ce12_page_key_without_roll_id: { PageKey: "tseq" },
    ce13_reader_without_coverage: { ...withReader, MaxRolls: 1, CoverRead: false },
    ce14_reader_without_coverage_stale: { ReaderOn: true, ReaderEC: true, MaxRolls: 1, CoverRead: false },
    ce15_facts_but_search_by_key_from_frontier: { Seals: true, FloorStart: false },
    ce16_facts_but_pages_deleted_by_start: { Seals: true, Expire: true, DeleteBy: "start" },
    red1_gen_condition_alone: { HeadCond: "gen", Evict: true, Work: { c1: [once], c2: [plain] } },
    red2_tseq_condition_alone: { HeadCond: "tseq", Evict: true, Work: { c1: [once], c2: [plain] } },
    red3_seal_past_tseq: { ...withReader, SealBound: false },
    red4_chain_may_search_by_key_from_frontier: { Seals: true, Expire: true, Chain: true, FloorStart: false },
    ok01_facts_ambiguous: { MaxTry: 2 },
    ok02_chain_ambiguous: { MaxTry: 2, Chain: true },
    ok03_facts_ambiguous_seal_delete: { Work: twoPlain, MaxTry: 2, Seals: true, Expire: true },
    ok04_chain_ambiguous_seal_delete: { Work: twoPlain, MaxTry: 2, Seals: true, Expire: true, Chain: true },
    ok05_facts_reader: { Work: twoPlain, ...withReader },
    ok06_chain_reader: { Work: twoPlain, ...withReader, Chain: true },
    ok07_facts_reader_stale: { Work: twoPlain, ...withReader, ReaderEC: true },
    ok08_chain_reader_stale: { Work: twoPlain, ...withReader, ReaderEC: true, Chain: true },
    ok09_facts_evict: { Work: { c1: [once, again] }, ...idempotent },
    ok10_facts_evict_epochs: { Work: epochs, ...idempotent, MaxAtt: 1 },
    ok11_facts_evict_seal: { Work: { c1: [once], c2: [plain] }, ...idempotent, Seals: true, Expire: true },
    ok12_state_put_by_entry_number: { Work: epochs, ...idempotent, MaxAtt: 1, StateRule: "base" },
    ok13_facts_collector: { Work: twoPlain, ...withCollector, Seals: true, Expire: true, ReaderOn: true },
    ok14_chain_collector: { Work: twoPlain, ...withCollector, Seals: true, Expire: true, ReaderOn: true, Chain: true },
    ok15_facts_three_rollers: { Work: twoPlain, MaxRolls: 3, ...withReader },
    ok16_facts_three_entries: { Work: threePlain, MaxRolls: 3 },
    ok18_facts_ambiguous_two_clients_seal_delete: { MaxTry: 2, Seals: true, Expire: true },
    ok19_facts_three_entries_reader_stale: { Work: threeInRow, ...withReader, ReaderEC: true },
    ok20_chain_three_entries_reader_stale: { Work: threeInRow, ...withReader, ReaderEC: true, Chain: true },
    ok17_chain_three_entries: { Work: threePlain, MaxRolls: 3, Chain: true },
  },
  more: { ok01_facts_ambiguous: ["NeverUnknown"], ok02_chain_ambiguous: ["NeverUnknown"] },
  slow: [
    "red3_seal_past_tseq",
    "ok01_facts_ambiguous",
    "ok02_chain_ambiguous",
    "ok09_facts_evict",
    "ok11_facts_evict_seal",
    "ok13_facts_collector",
    "ok14_chain_collector",
    "ok15_facts_three_rollers",
    "ok18_facts_ambiguous_two_clients_seal_delete",
    "ok19_facts_three_entries_reader_stale",
    "ok20_chain_three_entries_reader_stale",
    "ok17_chain_three_entries",
    "ok12_state_put_by_entry_number",
  ],
};
