import { readFileSync } from "node:fs";

/** The version of this package. */
export function packageVersion(): string {
  const text = readFileSync(new URL(import.meta.resolve("stratalog/package.json")), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
