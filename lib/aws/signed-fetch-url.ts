/**
 * A URL as SigV4 has it. What is sent is encoded in the one way that the signature is made of (RFC 3986: all but letters, digits and `-._~`), so that
 * nothing on the way can read it otherwise.
 */
import { LogError } from "../core/errors.ts";

/** The path with each element encoded. */
export function pathOf(pathname: string): string {
  return pathname
    .split("/")
    .map((element) => encode(decode(element)))
    .join("/");
}

/** The query's parameters. A `+` is a plus sign, as the API reads it. */
export function queryOf(search: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  for (const pair of search.replace(/^\?/, "").split("&")) {
    if (pair === "") continue;
    const split = pair.indexOf("=");
    const name = decode(split < 0 ? pair : pair.slice(0, split));
    const value = split < 0 ? "" : decode(pair.slice(split + 1));
    const before = query[name];
    query[name] = before === undefined ? value : [before, value].flat();
  }
  return query;
}

/** With its `?`; empty when there are no parameters. */
export function searchOf(query: Readonly<Record<string, string | readonly string[]>>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => [value].flat().map((one) => `${encode(name)}=${encode(one)}`));
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new LogError("invalid_request", `"${text}" in the URL is not percent-encoded UTF-8.`, { cause });
  }
}
