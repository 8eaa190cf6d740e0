import type { Item, Value } from "../../../engines/aws/table.ts";
import type { Comparator, ConditionNode, Operand, Path } from "./syntax.ts";
import { compare, entry, isEqual } from "./values.ts";

/** Whether the condition holds for the item; for one that is not there, pass an empty one. */
export function holds(node: ConditionNode, item: Item): boolean {
  switch (node.kind) {
    case "and":
      return holds(node.left, item) && holds(node.right, item);
    case "or":
      return holds(node.left, item) || holds(node.right, item);
    case "not":
      return !holds(node.inner, item);
    case "exists":
      return (valueAt(item, node.path) !== undefined) === node.isWanted;
    case "begins_with":
      return beginsWith(operandOf(node.operand, item), operandOf(node.start, item));
    case "between": {
      const value = operandOf(node.operand, item);
      return isOrdered(">=", value, operandOf(node.low, item)) && isOrdered("<=", value, operandOf(node.high, item));
    }
    case "compare": {
      const [left, right] = [operandOf(node.left, item), operandOf(node.right, item)];
      if (node.comparator !== "=" && node.comparator !== "<>") return isOrdered(node.comparator, left, right);
      const areEqual = left !== undefined && right !== undefined && isEqual(left, right);
      return areEqual === (node.comparator === "=");
    }
  }
}

export function valueAt(item: Item, path: Path): Value | undefined {
  let value: Value | undefined = { M: item };
  for (const step of path) {
    if (value === undefined) return undefined;
    if (typeof step === "string") value = "M" in value ? entry(value.M, step) : undefined;
    else value = "L" in value ? value.L[step] : undefined;
  }
  return value;
}

function operandOf(operand: Operand, item: Item): Value | undefined {
  if (operand.kind === "value") return operand.value;
  const value = valueAt(item, operand.path);
  if (operand.kind === "path" || value === undefined) return value;
  const size = sizeOf(value);
  return size === undefined ? undefined : { N: size.toString() };
}

/** Of a text it is its UTF-16 units; of a number there is none. */
function sizeOf(value: Value): number | undefined {
  if ("S" in value) return value.S.length;
  if ("B" in value) return value.B.length;
  if ("L" in value) return value.L.length;
  return "M" in value ? Object.keys(value.M).length : undefined;
}

/** Values that are missing or of two types have no order. */
function isOrdered(comparator: Exclude<Comparator, "=" | "<>">, left: Value | undefined, right: Value | undefined): boolean {
  const order = left === undefined || right === undefined ? undefined : compare(left, right);
  if (order === undefined) return false;
  switch (comparator) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}

function beginsWith(value: Value | undefined, start: Value | undefined): boolean {
  if (value === undefined || start === undefined) return false;
  if ("S" in value) return "S" in start && value.S.startsWith(start.S);
  if (!("B" in value) || !("B" in start)) return false;
  return Buffer.compare(value.B.subarray(0, start.B.length), start.B) === 0;
}
