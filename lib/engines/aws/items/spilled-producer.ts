import type { ShardKey } from "../../../ports/journal.ts";
import { spilledPk, spilledSk } from "../keys.ts";
import type { Condition, Item } from "../table.ts";
import { decodeState, shortElements, stateName, type StoredState } from "./producer-state.ts";
import { checkVersion, corrupt, formatVersion, n, readList, readText, s } from "./values.ts";

/** A producer's state after it left the head. `v` format · `q` number of its entry, compared so that it never goes back · `d` the state's list. */
export function encodeSpilled(shard: ShardKey, state: StoredState): Item {
  return {
    pk: s(spilledPk(shard)),
    sk: s(spilledSk(state.producerId, state.index)),
    v: n(formatVersion),
    q: n(state.seq),
    d: { L: shortElements(state) },
  };
}

/** A state is only replaced by a later one, so that a roller that comes late takes nothing back. */
export function onlyForward(state: StoredState): Condition {
  return { condition: "attribute_not_exists(pk) OR q < :q", values: { ":q": n(state.seq) } };
}

/** @throws corrupt_log, unsupported_version */
export function decodeSpilled(item: Item): StoredState {
  checkVersion(item, "A producer's state");
  const sk = readText(item["sk"], "a producer state's sk");
  const named = /^(\d{1,19})#(-|\d|1[0-5])$/.exec(sk);
  if (named === null) throw corrupt(`a producer state under ${sk}`);
  const [, id = "", index = ""] = named;
  return decodeState(stateName(BigInt(id), index === "-" ? null : Number(index)), readList(item["d"], "a producer's state"));
}
