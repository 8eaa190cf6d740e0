import { LogError } from "../core/errors.ts";

/** A request's query parameters, each at most once. */
export class Query {
  readonly #values: ReadonlyMap<string, string>;

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  /**
   * @param text what follows the "?"; a "+" is a plus sign, as in times with a zone
   * @param allowed the names that the route knows
   * @throws invalid_request for a name that is unknown or comes twice, or for bad percent-encoding
   */
  static parse(text: string, allowed: readonly string[]): Query {
    if (text === "") return noQuery;
    const values = new Map<string, string>();
    for (const pair of text.split("&")) {
      if (pair === "") continue;
      const split = pair.indexOf("=");
      const name = decode(split < 0 ? pair : pair.slice(0, split));
      if (!allowed.includes(name)) throw unknown(name, allowed);
      if (values.has(name)) throw new LogError("invalid_request", `The query parameter ${name} is there twice: send it once.`);
      values.set(name, split < 0 ? "" : decode(pair.slice(split + 1)));
    }
    return new Query(values);
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** A decimal integer within bounds. @throws invalid_request */
  integer(name: string, min: number, max: number): number | undefined {
    const text = this.#values.get(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new LogError("invalid_request", `The query parameter ${name} must be an integer from ${min} to ${max}, not "${shown(text)}".`);
  }

  /** `true` or `false`; default false. @throws invalid_request */
  flag(name: string): boolean {
    return this.oneOf(name, ["false", "true"]) === "true";
  }

  /** One of several words; the first is the default. @throws invalid_request */
  oneOf<const T extends string>(name: string, words: readonly [T, ...T[]]): T {
    const text = this.#values.get(name);
    if (text === undefined) return words[0];
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw new LogError("invalid_request", `The query parameter ${name} must be one of ${words.join(", ")}, not "${shown(text)}".`);
  }
}

const noQuery = new Query(new Map());

/** Percent-decoding. @throws invalid_request */
export function decode(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new LogError("invalid_request", `"${shown(text)}" in the URL is not percent-encoded UTF-8.`);
  }
}

/** A client's text, cut for a message. */
export function shown(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function unknown(name: string, allowed: readonly string[]): LogError {
  const known = allowed.length === 0 ? "This takes none." : `There are: ${allowed.join(", ")}.`;
  return new LogError("invalid_request", `There is no query parameter "${shown(name)}" here. ${known}`);
}
