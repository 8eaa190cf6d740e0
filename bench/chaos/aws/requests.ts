/** An SDK request, as far as faults depend on what it is. */
export interface SentRequest {
  /** "UpdateItem", "GetObject", ... */
  readonly operation: string;
  /** `pk/sk` or the object's key; of a transaction, its first item's. */
  readonly key: string;
  readonly condition: string;
  readonly isWrite: boolean;
  readonly isS3: boolean;
  /** How many writes a transaction has. */
  readonly writes: number;
}

interface Attribute {
  readonly S?: string;
}

type Attributes = Readonly<Record<string, Attribute>>;

/** The fields of all inputs that are looked at. */
interface AnyInput {
  readonly Bucket?: string;
  readonly Key?: Attributes | string;
  readonly Item?: Attributes;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeValues?: Attributes;
  readonly TransactItems?: readonly { readonly Put?: AnyInput; readonly Update?: AnyInput; readonly Delete?: AnyInput }[];
}

const items = ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"];
const uploads = ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload"];
const writing = new Set([...items, "PutObject", "DeleteObjects", ...uploads]);

/** @param input of an SDK command @param commandName "UpdateItemCommand" */
export function requestOf(input: object, commandName: string): SentRequest {
  const own = input as AnyInput;
  const operation = commandName.replace(/Command$/, "");
  const writes = own.TransactItems ?? [];
  const all = [own, ...writes.flatMap(({ Put, Update, Delete }) => [Put, Update, Delete])];
  return {
    operation,
    key: all.map(keyOf).find((key) => key !== "") ?? "",
    condition: all.map((each) => each?.ConditionExpression ?? "").join(" "),
    isWrite: writing.has(operation),
    isS3: own.Bucket !== undefined,
    writes: writes.length,
  };
}

function keyOf(input: AnyInput | undefined): string {
  if (input === undefined) return "";
  const { Key, Item, ExpressionAttributeValues: values } = input;
  if (typeof Key === "string") return Key;
  const item = Key ?? Item;
  if (item !== undefined) return `${item["pk"]?.S ?? ""}/${item["sk"]?.S ?? ""}`;
  return values?.[":pk"]?.S ?? "";
}

/** A commit of one shard: what appends entries to a head. */
export function isCommit({ key, condition }: Pick<SentRequest, "key" | "condition">): boolean {
  // By a clause that no guard takes out.
  return key.startsWith("H#") && condition.includes("size(tail) <= :room");
}

/** A roll's update of a head. */
export function isRoll({ key, condition }: Pick<SentRequest, "key" | "condition">): boolean {
  return key.startsWith("H#") && condition.includes("size(tail) >= :k");
}

/**
 * Whether a second arrival of the request must do no harm. Nothing tells a plain commit, or a catalog write that is no transaction, from its copy: the
 * condition of either can hold anew, a topic's creation once the topic is deleted. Which is why the engine sends them once and has the SDK not retry;
 * no network that carries them makes a copy either. A transaction has a token.
 */
export function mayArriveTwice(request: SentRequest): boolean {
  if (request.operation !== "TransactWriteItems" && request.key.startsWith("C#")) return false;
  return !isCommit(request) || request.condition.includes("p.#s") || request.condition.includes(":x");
}
