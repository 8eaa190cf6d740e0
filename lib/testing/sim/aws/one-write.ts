import { StoreFault } from "../../../engines/aws/table.ts";
import type { Condition, Item, Key, Terms, TransactWrite } from "../../../engines/aws/table.ts";
import { applyUpdate, planUpdate } from "./apply-update.ts";
import { holds } from "./evaluate.ts";
import { itemBytes, utf8Bytes } from "./item-size.ts";
import { parseCondition } from "./parse-condition.ts";
import { parseUpdate } from "./parse-update.ts";
import { refused } from "./refused.ts";
import type { ConditionNode } from "./syntax.ts";
import { TermUse } from "./terms.ts";
import { storedItem } from "./values.ts";

const itemBytesMax = 409_600;
const pkBytesMax = 2_048;
const skBytesMax = 1_024;

/** A write that has been read and found well-formed, to be tried on the item that is there. */
export interface ReadyWrite {
  readonly key: Key;
  /**
   * The item after it, undefined when there is to be none.
   * @throws StoreFault `condition` with the item that was met, or `refused`
   */
  readonly result: (met: Item | undefined) => Item | undefined;
}

/** @throws StoreFault `refused` for what can be seen to be wrong without an item */
export function readied(write: TransactWrite): ReadyWrite {
  switch (write.kind) {
    case "put": {
      const item = storedItem(write.item);
      const key = keyOf(item);
      checkSize(item);
      const check = readCondition(write.condition);
      return { key, result: (met) => (check(met), item) };
    }
    case "update": {
      const { update, condition } = write.change;
      const terms = new TermUse(write.change);
      const plan = planUpdate(parseUpdate(update, terms));
      const node = condition === undefined ? undefined : parseCondition(condition, terms);
      terms.checkAllUsed();
      for (const name of ["pk", "sk"]) {
        if (plan.steps.has(name)) throw refused(`Cannot update attribute ${name}. This attribute is part of the key`);
      }
      const key = checkedKey(write.key);
      const bare: Item = { pk: { S: key.pk }, sk: { S: key.sk } };
      return {
        key,
        result(met) {
          checkHolds(node, met);
          const item = storedItem(applyUpdate(plan, met ?? bare));
          checkSize(item);
          return item;
        },
      };
    }
    case "delete": {
      const check = readCondition(write.condition);
      return { key: checkedKey(write.key), result: (met) => (check(met), undefined) };
    }
    case "check": {
      const check = readCondition(write.condition);
      return { key: checkedKey(write.key), result: (met) => (check(met), met) };
    }
  }
}

/** @throws StoreFault `refused` for a key that the table does not take */
export function checkedKey({ pk, sk }: Key): Key {
  if (pk === "" || sk === "") throw refused("One or more parameter values are not valid. A key attribute can not be an empty string.");
  if (utf8Bytes(pk) > pkBytesMax) throw refused(`Size of hashkey has exceeded the maximum size limit of ${pkBytesMax} bytes`);
  if (utf8Bytes(sk) > skBytesMax) throw refused(`Aggregated size of all range keys has exceeded the size limit of ${skBytesMax} bytes`);
  return { pk, sk };
}

function keyOf({ pk, sk }: Item): Key {
  if (pk === undefined || sk === undefined) throw refused("Missing the key pk or sk in the item");
  if (!("S" in pk) || !("S" in sk)) throw refused("Type mismatch for key: pk and sk are strings");
  return checkedKey({ pk: pk.S, sk: sk.S });
}

function checkSize(item: Item): void {
  const bytes = itemBytes(item);
  if (bytes > itemBytesMax) throw refused(`Item size has exceeded the maximum allowed size: ${bytes} bytes`);
}

function readCondition(condition: (Condition & Terms) | undefined): (met: Item | undefined) => void {
  if (condition === undefined) return () => undefined;
  const terms = new TermUse(condition);
  const node = parseCondition(condition.condition, terms);
  terms.checkAllUsed();
  return (met) => checkHolds(node, met);
}

function checkHolds(node: ConditionNode | undefined, met: Item | undefined): void {
  if (node === undefined || holds(node, met ?? {})) return;
  throw new StoreFault("condition", "The conditional request failed", { item: met });
}
