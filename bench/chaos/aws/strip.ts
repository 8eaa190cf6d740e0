import type { Change, Condition, Table, Terms, Value } from "../../../lib/engines/aws/table.ts";

/** Takes clauses out of conditions on their way from the engine to the table, with the values that only they name. */
export interface Strip {
  /** Which changes and puts, by their key and condition. */
  readonly from: (key: string, condition: string) => boolean;
  readonly clause: RegExp;
}

export function stripped(table: Table, { from, clause }: Strip): Table {
  const change = (pk: string, own: Change): Change => {
    if (own.condition === undefined || !from(pk, own.condition)) return own;
    const { condition, ...rest } = own;
    const kept = withoutClauses(condition, clause);
    return { ...rest, ...(kept === "" ? {} : { condition: kept }), ...termsOf(own, `${own.update} ${kept}`) };
  };
  const put = (pk: string, own: Condition | undefined): Condition | undefined =>
    own === undefined || !from(pk, own.condition) ? own : undefined;
  return {
    ...table,
    put: (item, condition) => table.put(item, put(text(item["pk"]), condition)),
    update: (key, own) => table.update(key, change(key.pk, own)),
    transact: (writes, token) =>
      table.transact(
        writes.map((write) => (write.kind === "update" ? { ...write, change: change(write.key.pk, write.change) } : write)),
        token,
      ),
  };
}

function withoutClauses(condition: string, clause: RegExp): string {
  return condition
    .split(" AND ")
    .filter((each) => !clause.test(each))
    .join(" AND ");
}

/** DynamoDB refuses names and values that no expression uses. */
function termsOf({ names = {}, values = {} }: Terms, used: string): Terms {
  const words = new Set(used.match(/[#:]\w+/g));
  const usedOf = <T>(terms: Readonly<Record<string, T>>) => Object.fromEntries(Object.entries(terms).filter(([name]) => words.has(name)));
  const [ownNames, ownValues] = [usedOf(names), usedOf(values)];
  return {
    ...(Object.keys(ownNames).length === 0 ? {} : { names: ownNames }),
    ...(Object.keys(ownValues).length === 0 ? {} : { values: ownValues }),
  };
}

function text(value: Value | undefined): string {
  return value !== undefined && "S" in value ? value.S : "";
}
