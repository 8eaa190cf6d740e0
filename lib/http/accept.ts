import { LogError } from "../core/errors.ts";
import type { AppRequest } from "./message.ts";

/**
 * The media type that suits the client best of those that a route makes, the first one when it has no wish.
 * @throws not_acceptable
 */
export function accepted<const T extends string>(request: AppRequest, offered: readonly [T, ...T[]]): T {
  const accept = request.header("accept");
  if (accept === undefined || accept === "*/*" || accept === offered[0]) return offered[0];
  let best: T | undefined;
  let bestWeight = 0;
  const wishes = accept.split(",").map(parseWish);
  for (const type of offered) {
    const weight = weightOf(type, wishes);
    if (weight <= bestWeight) continue;
    best = type;
    bestWeight = weight;
  }
  if (best !== undefined) return best;
  throw new LogError("not_acceptable", `This is served as ${offered.join(" or ")}: name one of them in Accept.`);
}

interface Wish {
  readonly type: string;
  readonly weight: number;
}

function parseWish(text: string): Wish {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith("q="));
  const weight = quality === undefined ? 1 : Number(quality.slice(2));
  return { type, weight: weight >= 0 && weight <= 1 ? weight : 0 };
}

/** The weight of the most exact wish that fits, 0 when none does. */
function weightOf(type: string, wishes: readonly Wish[]): number {
  const family = `${type.slice(0, type.indexOf("/"))}/*`;
  for (const pattern of [type, family, "*/*"]) {
    const wish = wishes.find((candidate) => candidate.type === pattern);
    if (wish !== undefined) return wish.weight;
  }
  return 0;
}

/**
 * The media type of a request's body, which must be one of these. A type that a form on a web page cannot send is asked for,
 * so that no foreign page can write without the browser asking first.
 * @throws unsupported_media_type
 */
export function contentType<const T extends string>(request: AppRequest, taken: readonly [T, ...T[]]): T {
  const encoding = request.header("content-encoding");
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    throw new LogError("unsupported_media_type", "Send the body without Content-Encoding. Compress record batches inside instead.");
  }
  const header = request.header("content-type");
  if (header === taken[0]) return taken[0];
  const [type = "", ...parameters] = (header ?? "").split(";").map((part) => part.trim().toLowerCase());
  const known = taken.find((candidate) => candidate === type);
  if (known === undefined) {
    throw new LogError(
      "unsupported_media_type",
      `Send Content-Type: ${taken.join(" or ")}${type === "" ? "" : `, not ${type.slice(0, 80)}`}.`,
    );
  }
  const charset = parameters.find((parameter) => parameter.startsWith("charset="));
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset)) {
    throw new LogError("unsupported_media_type", "Send the body as UTF-8.");
  }
  return known;
}
