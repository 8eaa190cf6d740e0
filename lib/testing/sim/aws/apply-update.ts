import type { Item, Value } from "../../../engines/aws/table.ts";
import { valueAt } from "./evaluate.ts";
import { sum } from "./numbers.ts";
import { refused } from "./refused.ts";
import type { Path, SetOperand, UpdateTree } from "./syntax.ts";
import { entry } from "./values.ts";

/** What an update does at one place: sets or removes it, or changes something in it. */
type Edit = { readonly kind: "set"; readonly value: SetOperand } | { readonly kind: "remove" } | EditInside;

interface EditInside {
  readonly kind: "inside";
  readonly steps: Map<string | number, Edit>;
}

/** The edits of an update by their places. @throws StoreFault when two of them meet */
export function planUpdate({ sets, removes }: UpdateTree): EditInside {
  const root: EditInside = { kind: "inside", steps: new Map() };
  for (const { path, value } of sets) place(root, path, { kind: "set", value });
  for (const path of removes) place(root, path, { kind: "remove" });
  return root;
}

/** The item after the update; of one that is not there, pass the bare key. */
export function applyUpdate(plan: EditInside, before: Item): Item {
  return editMap(before, plan, before);
}

function place(root: EditInside, path: Path, edit: Edit): void {
  let at = root;
  for (const [i, step] of path.entries()) {
    const [other] = at.steps.keys();
    if (other !== undefined && typeof other !== typeof step) {
      throw refused(`Two document paths conflict with each other; must remove or rewrite one of these paths; path: ${path.join()}`);
    }
    const there = at.steps.get(step);
    const isLast = i === path.length - 1;
    if (there !== undefined && (isLast || there.kind !== "inside")) {
      throw refused(`Two document paths overlap with each other; must remove or rewrite one of these paths; path: ${path.join()}`);
    }
    if (isLast) at.steps.set(step, edit);
    else {
      const inside = there ?? { kind: "inside" as const, steps: new Map<string | number, Edit>() };
      at.steps.set(step, inside);
      if (inside.kind === "inside") at = inside;
    }
  }
}

function edited(value: Value | undefined, edit: Exclude<Edit, { kind: "remove" }>, before: Item): Value {
  if (edit.kind === "set") return valueOf(edit.value, before);
  const [step] = edit.steps.keys();
  if (value !== undefined && typeof step === "string" && "M" in value) return { M: editMap(value.M, edit, before) };
  if (value !== undefined && typeof step === "number" && "L" in value) return { L: editList(value.L, edit, before) };
  throw refused("The document path provided in the update expression is invalid for update");
}

function editMap(map: Item, { steps }: EditInside, before: Item): Item {
  const entries = new Map(Object.entries(map));
  for (const [name, edit] of steps) {
    if (edit.kind === "remove") entries.delete(String(name));
    else entries.set(String(name), edited(entry(map, String(name)), edit, before));
  }
  return Object.fromEntries(entries);
}

/** Indexes are those before the update. What is set past the end is appended in the order of the indexes. */
function editList(list: readonly Value[], { steps }: EditInside, before: Item): Value[] {
  const after: (Value | undefined)[] = [...list];
  const byIndex = [...steps].map(([index, edit]) => ({ index: Number(index), edit })).sort((a, b) => a.index - b.index);
  for (const { index, edit } of byIndex) {
    if (edit.kind !== "remove") {
      const value = edited(list[index], edit, before);
      if (index < list.length) after[index] = value;
      else after.push(value);
    } else if (index < list.length) after[index] = undefined;
  }
  return after.filter((value) => value !== undefined);
}

function valueOf(operand: SetOperand, before: Item): Value {
  switch (operand.kind) {
    case "value":
      return operand.value;
    case "path":
      return need(valueAt(before, operand.path));
    case "if_not_exists":
      return valueAt(before, operand.path) ?? valueOf(operand.otherwise, before);
    case "list_append": {
      const [left, right] = [valueOf(operand.left, before), valueOf(operand.right, before)];
      if ("L" in left && "L" in right) return { L: [...left.L, ...right.L] };
      throw wrongType();
    }
    case "sum": {
      const [left, right] = [valueOf(operand.left, before), valueOf(operand.right, before)];
      if ("N" in left && "N" in right) return { N: sum(left.N, right.N, operand.sign) };
      throw wrongType();
    }
  }
}

function need(value: Value | undefined): Value {
  if (value !== undefined) return value;
  throw refused("The provided expression refers to an attribute that does not exist in the item");
}

function wrongType(): Error {
  return refused("An operand in the update expression has an incorrect data type");
}
