import type { Value } from "../../../engines/aws/table.ts";

/** A place in an item: names of attributes and map entries, and indexes of lists. The first is a name. */
export type Path = readonly (string | number)[];

export interface PathOperand {
  readonly kind: "path";
  readonly path: Path;
}

export interface ValueOperand {
  readonly kind: "value";
  readonly value: Value;
}

/** What a condition compares. */
export type Operand = PathOperand | ValueOperand | { readonly kind: "size"; readonly path: Path };

export type Comparator = "=" | "<>" | "<" | "<=" | ">" | ">=";

export type ConditionNode =
  | { readonly kind: "compare"; readonly comparator: Comparator; readonly left: Operand; readonly right: Operand }
  | { readonly kind: "between"; readonly operand: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly kind: "exists"; readonly path: Path; readonly isWanted: boolean }
  | { readonly kind: "begins_with"; readonly operand: Operand; readonly start: Operand }
  | { readonly kind: "and" | "or"; readonly left: ConditionNode; readonly right: ConditionNode }
  | { readonly kind: "not"; readonly inner: ConditionNode };

/** What SET assigns. */
export type SetOperand =
  | PathOperand
  | ValueOperand
  | { readonly kind: "if_not_exists"; readonly path: Path; readonly otherwise: SetOperand }
  | { readonly kind: "list_append"; readonly left: SetOperand; readonly right: SetOperand }
  | { readonly kind: "sum"; readonly sign: 1n | -1n; readonly left: SetOperand; readonly right: SetOperand };

export interface UpdateTree {
  readonly sets: readonly { readonly path: Path; readonly value: SetOperand }[];
  readonly removes: readonly Path[];
}
