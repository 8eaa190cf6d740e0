import { LogError } from "../../core/errors.ts";
import { encodeFact, type StateFact, type StoredState } from "./items/producer-state.ts";
import { n, s } from "./items/values.ts";
import type { Change, Value } from "./table.ts";
import type { Tuning } from "./tuning.ts";

/** One commit (P2, P4) as a change of the head: entries one after another, and what must hold for them. */
export interface Commit {
  /** The entries as the tail holds them. */
  readonly refs: readonly Uint8Array[];
  /** Records by partition index, of all entries together. */
  readonly records: ReadonlyMap<number, number>;
  readonly states: readonly StateChange[];
  /** Payloads of this epoch must not have been given up by the collector. */
  readonly fenceEpoch: number;
  /** The head's epoch: raising it ends an attempt whose outcome is not known. */
  readonly epoch: number;
  /** When set, no roll may have happened: for producers that are not in the head. */
  readonly gen: number | undefined;
  readonly layout: number | undefined;
  readonly expected: readonly { readonly index: number; readonly offset: number }[];
}

/** A producer's new state. Its entry's number and offsets are DynamoDB's to copy, as nobody knows them before. */
export interface StateChange {
  readonly name: string;
  readonly step: Omit<StateFact, "isLong">;
  /** The state in the head that the step follows; undefined when the head has none. */
  readonly before: StoredState | undefined;
  /** Entries, and records by partition index, of this commit that come before the state's own entry. */
  readonly entriesAhead: number;
  readonly recordsAhead: ReadonlyMap<number, number>;
}

/** How many elements of long states one commit takes off, so that its expression stays short. */
const removalsMax = 32;
/** DynamoDB's bound of one expression. */
const expressionBytesMax = 4_096;

/** The change and its condition, which includes that the head has room. @throws request_too_large for more producers and partitions than fit an expression */
export function commitChange(commit: Commit, tuning: Tuning): Change {
  // Whole states take the least text, and the most room in the head.
  for (const form of ["short", "whole"] as const) {
    const change = changeOf(commit, tuning, form);
    if (change.update.length <= expressionBytesMax && (change.condition ?? "").length <= expressionBytesMax) return change;
  }
  throw new LogError("request_too_large", "The entry has too many producers over too many partitions: send several.");
}

function changeOf(commit: Commit, tuning: Tuning, form: "short" | "whole"): Change {
  const parts = new ChangeParts();
  const { refs, records, states, expected } = commit;
  parts.set("n[0] = n[0] + :k", ":k", n(refs.length));
  for (const [index, count] of records) parts.set(`n[${index + 1}] = n[${index + 1}] + :a${index}`, `:a${index}`, n(count));
  const bytes = refs.reduce((sum, ref) => sum + ref.length, 0);
  parts.set("tsz = tsz + :z", ":z", n(bytes));
  parts.set("tail = list_append(tail, :r)", ":r", { L: refs.map((B) => ({ B })) });
  parts.require("st = :open", ":open", s("open"));
  parts.require("fe < :oe", ":oe", n(commit.fenceEpoch));
  parts.require("size(tail) <= :room", ":room", n(tuning.tailEntriesMax - refs.length));
  parts.require("tsz <= :space", ":space", n(tuning.tailBytesMax - bytes));
  parts.require("ep = :ep", ":ep", n(commit.epoch));
  if (commit.gen !== undefined) parts.require("gen = :gen", ":gen", n(commit.gen));
  if (commit.layout !== undefined) parts.require("ly = :ly", ":ly", n(commit.layout));
  for (const { index, offset } of expected) parts.require(`n[${index + 1}] = :x${index}`, `:x${index}`, n(offset));
  if (states.some(({ before }) => before === undefined)) {
    parts.require("size(p) <= :states", ":states", n(tuning.headStatesMax - states.filter(({ before }) => before === undefined).length));
  }
  let removals = 0;
  for (const [nth, state] of states.entries())
    removals += changeState(parts, nth, state, form === "short" ? removalsMax - removals : undefined);
  return parts.change();
}

/** @param removalsLeft undefined: the state is written whole where it can be @returns how many elements it takes off */
function changeState(
  parts: ChangeParts,
  nth: number,
  { name, step, before, entriesAhead, recordsAhead }: StateChange,
  removalsLeft: number | undefined,
): number {
  const path = `p.#s${nth}`;
  parts.names[`#s${nth}`] = name;
  if (before === undefined) {
    parts.set(`${path} = list_append(:f${nth}, n)`, `:f${nth}`, { L: [{ B: encodeFact({ ...step, isLong: true }) }] });
    parts.require(`attribute_not_exists(${path})`);
    return 0;
  }
  if (removalsLeft === undefined && entriesAhead === 0) {
    parts.set(`${path} = list_append(:f${nth}, n)`, `:f${nth}`, { L: [{ B: encodeFact({ ...step, isLong: true }) }] });
    parts.require(`${path}[0] = :c${nth}`, `:c${nth}`, { B: before.fact });
    return 0;
  }
  const shortElements = 2 + step.indexes.length;
  const extra = Math.max(0, before.elements - shortElements);
  const wasLong = ((before.fact[0] ?? 0) & 1) === 1;
  const fits = step.indexes.every((index) => 2 + index < before.elements);
  const isLong = wasLong && fits && extra > (removalsLeft ?? 0);
  parts.require(`${path}[0] = :c${nth}`, `:c${nth}`, { B: before.fact });
  parts.set(`${path}[0] = :f${nth}`, `:f${nth}`, { B: encodeFact({ ...step, isLong }) });
  parts.set(`${path}[1] = ${parts.plus("n[0]", entriesAhead)}`);
  for (const [at, index] of step.indexes.entries()) {
    parts.set(`${path}[${2 + (isLong ? index : at)}] = ${parts.plus(`n[${index + 1}]`, recordsAhead.get(index) ?? 0)}`);
  }
  if (isLong) return 0;
  for (let at = shortElements; at < before.elements; at++) parts.removals.push(`${path}[${at}]`);
  return extra;
}

class ChangeParts {
  readonly names: Record<string, string> = {};
  readonly removals: string[] = [];
  readonly #values: Record<string, Value> = {};
  readonly #sets: string[] = [];
  readonly #conditions: string[] = [];

  set(clause: string, name?: string, value?: Value): void {
    this.#sets.push(clause);
    this.#define(name, value);
  }

  require(clause: string, name?: string, value?: Value): void {
    this.#conditions.push(clause);
    this.#define(name, value);
  }

  /** The operand, or a sum with a number. */
  plus(operand: string, number: number): string {
    if (number === 0) return operand;
    this.#values[`:p${number}`] = n(number);
    return `${operand} + :p${number}`;
  }

  change(): Change {
    const update = `SET ${this.#sets.join(",")}${this.removals.length === 0 ? "" : ` REMOVE ${this.removals.join(",")}`}`;
    const names = Object.keys(this.names).length === 0 ? {} : { names: this.names };
    return { update, condition: this.#conditions.join(" AND "), ...names, values: this.#values };
  }

  #define(name: string | undefined, value: Value | undefined): void {
    if (name !== undefined && value !== undefined) this.#values[name] = value;
  }
}
