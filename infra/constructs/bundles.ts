import { existsSync } from "node:fs";
import { join } from "node:path";

export type BundleName = "api" | "janitor" | "resources" | "router" | "deliver";

/** dist/functions, seen from infra/constructs of a clone and from dist/infra/constructs of the package. */
const places = ["../../dist/functions", "../../functions"].map((place) => join(import.meta.dirname, place));

/** The folder that holds a function's code. @throws Error when nobody has built it */
export function bundleFolder(name: BundleName, folder?: string): string {
  const candidates = (folder === undefined ? places : [folder]).map((place) => join(place, name));
  const found = candidates.find((candidate) => existsSync(join(candidate, "index.mjs")));
  if (found !== undefined) return found;
  throw new Error(`The code of the function ${name} is not at ${candidates.join(" or ")}: run npm run build:functions, then again.`);
}
