import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { StoreFault } from "./table.ts";
import type { FaultKind, Item } from "./table.ts";

/** The SDK's types say the same and can be written to. It does not. */
export function toSdk(item: Item): Record<string, AttributeValue> {
  return item as Record<string, AttributeValue>;
}

/** @throws StoreFault of the kind for an attribute of a type that this engine never writes: then the table is not its own */
export function fromSdk(item: Readonly<Record<string, AttributeValue>>, kind: FaultKind): Item {
  for (const [name, value] of Object.entries(item)) checkType(value, name, kind);
  return item as Item;
}

function checkType(value: AttributeValue, name: string, kind: FaultKind): void {
  if (value.S !== undefined || value.N !== undefined || value.B !== undefined) return;
  if (value.L !== undefined) for (const element of value.L) checkType(element, name, kind);
  else if (value.M !== undefined) fromSdk(value.M, kind);
  else throw new StoreFault(kind, `The attribute ${name} has the unknown type ${Object.keys(value).join()}.`);
}
