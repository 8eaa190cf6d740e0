import type { Stores } from "../../../engines/aws/context.ts";
import type { Change, Item, Query, QueryPage, Table, TransactWrite } from "../../../engines/aws/table.ts";
import { awsSimStore, type AwsStoreOptions } from "../aws-store.ts";
import type { SimulateOptions } from "../simulate.ts";

/** Producers' states leave the head at once. */
const leavesSoon = { rollEntries: 1, headStatesMax: 2, idleEntries: 0, idleStatesKept: 0 };

/**
 * Guards of the AWS engine's protocol taken out of what it sends, one at a time: the simulator must find each. `docs/design.md`, section 5,
 * says what each is for.
 */
export const missingAwsGuards = {
  /** A commit whose outcome is not known is fenced by nothing: it may still be done after it was found absent. */
  epoch: guard((change) => (isCommit(change) ? cut(change, / AND ep = :ep/g, /^:ep$/) : change)),
  /** A commit may refer to a payload that the collector has given up. */
  fence: guard((change) => (isCommit(change) ? cut(change, / AND fe < :oe/g, /^:oe$/) : change)),
  /** Steps of a producer are committed whatever its state is. */
  states: guard((change) =>
    isCommit(change) ? cut(cut(change, / AND p\.#s\d+\[0\] = :c\d+/g, /^:c\d+$/), / AND attribute_not_exists\(p\.#s\d+\)/g) : change,
  ),
  /** A producer that is new to the head may have been rolled out of it a moment ago. */
  newcomers: guard((change) => (isCommit(change) ? cut(change, / AND gen = :gen/g, /^:gen$/) : change), leavesSoon),
  /** A roll takes as many entries as its page has, whichever they are. */
  roll: guard((change) => (isRoll(change) ? cut(change, /gen = :g AND tseq = :t AND /g, /^:[gt]$/) : change)),
  /** A roll takes a producer's state out of the head though it has changed since it was spilled. */
  eviction: guard((change) => (isRoll(change) ? cut(change, / AND p\.#s\d+\[0\] = :c\d+/g, /^:c\d+$/) : change)),
  /** Requests are sent again by a layer that does not know whether they may be. */
  oneAttempt: { store: awsSimStore({ retriesWrites: true }) },
  /** What pages a query shows is taken to be all of them. */
  pageCoverage: over(({ table, bucket }) => ({
    table: { ...table, query: async (request) => takenForWanted(request, await table.query(request)) },
    bucket,
  })),
} as const satisfies Record<string, SimulateOptions>;

function over(wrap: NonNullable<AwsStoreOptions["wrap"]>, tuning: AwsStoreOptions["tuning"] = {}): SimulateOptions {
  return { store: awsSimStore({ wrap, tuning }) };
}

/** Changes what is sent to heads. */
function guard(change: (change: Change) => Change, tuning: AwsStoreOptions["tuning"] = {}): SimulateOptions {
  const changed = (write: TransactWrite): TransactWrite => (write.kind === "update" ? { ...write, change: change(write.change) } : write);
  return over(({ table, bucket }: Stores) => {
    const other: Table = {
      ...table,
      update: (key, own) => table.update(key, change(own)),
      transact: (writes, token) => table.transact(writes.map(changed), token),
    };
    return { table: other, bucket };
  }, tuning);
}

function isCommit({ condition = "" }: Change): boolean {
  return condition.includes("fe < :oe");
}

function isRoll({ update }: Change): boolean {
  return update.includes("tseq = tseq + :k");
}

/** Cuts clauses out of a condition, with the values that nothing else names. */
function cut(change: Change, clause: RegExp, value?: RegExp): Change {
  const values = Object.entries(change.values ?? {}).filter(([name]) => value?.test(name) !== true);
  return { ...change, condition: (change.condition ?? "").replaceAll(clause, ""), values: Object.fromEntries(values) };
}

/** Where a page is missing, the next one passes for it. */
function takenForWanted(request: Query, page: QueryPage): QueryPage {
  const { pk, from } = request;
  const [first, ...rest] = page.items;
  if (!pk.startsWith("J#") || from === undefined || request.descending === true || first === undefined) return page;
  return { ...page, items: [movedTo(first, Number(from)), ...rest] };
}

function movedTo(page: Item, firstSeq: number): Item {
  const refs = page["refs"];
  if (refs === undefined || !("L" in refs)) return page;
  return { ...page, sk: { S: `${String(firstSeq).padStart(19, "0")}#moved` }, nx: { N: String(firstSeq + refs.L.length) } };
}
