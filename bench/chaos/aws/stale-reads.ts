import type { QueryCommandInput, QueryCommandOutput } from "@aws-sdk/client-dynamodb";
import type { Prng } from "../../../lib/testing/sim/prng.ts";
import type { Stack } from "./disturbed.ts";
import type { FaultLog } from "./fault-log.ts";

const staleMsMax = 1_500;
const rememberedMax = 20_000;
/** How many items more a query asks for, to fill up what it leaves out. */
const spare = 16;

type Attributes = NonNullable<QueryCommandOutput["Items"]>[number];

/** When items were first sent, by all processes: what an eventually consistent read may not show yet. */
export class RecentItems {
  readonly #sentMs = new Map<string, number>();

  note(item: Attributes | undefined): void {
    const key = nameOf(item);
    if (this.#sentMs.has(key)) return;
    this.#sentMs.set(key, performance.now());
    if (this.#sentMs.size <= rememberedMax) return;
    const [oldest = ""] = this.#sentMs.keys();
    this.#sentMs.delete(oldest);
  }

  isSince(item: Attributes | undefined, sinceMs: number): boolean {
    return (this.#sentMs.get(nameOf(item)) ?? 0) >= sinceMs;
  }
}

export interface StaleParts {
  readonly recent: RecentItems;
  readonly prng: Prng;
  /** Of an eventually consistent read, asked with each. */
  readonly chance: () => number;
  readonly log: FaultLog;
}

/** Has eventually consistent reads miss what was written lately. DynamoDB Local never does. */
export function missRecentItems(stack: Stack, { recent, prng, chance, log }: StaleParts): void {
  stack.add(
    (next, context) => async (args) => {
      const input = args.input as Partial<QueryCommandInput> & { readonly Item?: Attributes; readonly Key?: Attributes };
      const command = context["commandName"] as string;
      if (command === "PutItemCommand") recent.note(input.Item);
      if (input.ConsistentRead !== false || !prng.chance(chance())) return await next(args);
      const sinceMs = performance.now() - prng.fraction() * staleMsMax;
      if (command === "GetItemCommand") {
        const answer = await next(args);
        if (!recent.isSince(input.Key, sinceMs)) return answer;
        log.fault("stale", `GetItem ${nameOf(input.Key)}`);
        return { ...answer, output: { ...answer.output, Item: undefined } };
      }
      const { Limit: limit = 100 } = input;
      const answer = await next({ ...args, input: { ...args.input, Limit: limit + spare } });
      const found = (answer.output as QueryCommandOutput).Items ?? [];
      const shown = found.filter((item) => !recent.isSince(item, sinceMs));
      if (shown.length < found.length) log.fault("stale", `Query without ${found.length - shown.length} of ${nameOf(found[0])} and others`);
      const hasMore = shown.length > limit || (answer.output as QueryCommandOutput).LastEvaluatedKey !== undefined;
      const items = shown.slice(0, limit);
      return { ...answer, output: { ...answer.output, Items: items, LastEvaluatedKey: hasMore ? (items.at(-1) ?? {}) : undefined } };
    },
    { name: "missRecentItems", step: "initialize" },
  );
}

function nameOf(key: Attributes | undefined): string {
  return `${key?.["pk"]?.S ?? ""}/${key?.["sk"]?.S ?? ""}`;
}
