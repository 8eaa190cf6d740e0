import { limits } from "../../core/limits.ts";
import type { Args } from "../args.ts";
import { type Command, jsonFlag } from "../command.ts";
import { answer } from "../context.ts";
import { UsageError } from "../usage-error.ts";
import { quotaTable } from "./quota-text.ts";

export const quotasAlter: Command = {
  path: ["quotas", "alter"],
  aliases: ["set"],
  summary: "Set what a principal may use a second, or take that limit away.",
  client: true,
  flags: {
    principal: { type: "string", value: "PRINCIPAL", doc: 'Who: User:ci, or "User:*" for each that has no quota of its own.' },
    "producer-byte-rate": { type: "string", value: "N|none", doc: "Bytes a second that it may append." },
    "consumer-byte-rate": { type: "string", value: "N|none", doc: "Bytes a second that it may read." },
    "request-rate": { type: "string", value: "N|none", doc: "Requests a second." },
    ...jsonFlag,
  },
  examples: [
    "stratalog quotas alter --principal User:ci --producer-byte-rate 1000000 --request-rate 50",
    "stratalog quotas alter --principal User:ci --request-rate none",
  ],
  run: async (context) => {
    const { args, client } = context;
    const principal = args.text("principal");
    if (principal === undefined) throw new UsageError("--principal is missing: whose quota is it? Such as User:ci.");
    const [producerByteRate, consumerByteRate] = [rateOf(args, "producer-byte-rate"), rateOf(args, "consumer-byte-rate")];
    const requestRate = rateOf(args, "request-rate");
    const change = {
      ...(producerByteRate !== undefined && { producerByteRate }),
      ...(consumerByteRate !== undefined && { consumerByteRate }),
      ...(requestRate !== undefined && { requestRate }),
    };
    if (Object.keys(change).length === 0) throw new UsageError("Give --producer-byte-rate, --consumer-byte-rate or --request-rate.");
    const quota = await client().quotas.set({ principal, ...change });
    await answer(context, quota, () => quotaTable([quota]));
    return 0;
  },
};

/** Null for `none`. @throws UsageError */
function rateOf(args: Args, flag: string): number | null | undefined {
  return args.text(flag) === "none" ? null : args.integer(flag, 1, limits.quotaRateMax);
}
