import { LogError } from "../core/errors.ts";

/** A row of a build that is newer than this one. @param reads the format version that this build has */
export function newerFormat(what: string, version: unknown, reads: number): LogError {
  return new LogError(
    "unsupported_version",
    `${what} was written in format ${JSON.stringify(version)}; this build reads ${reads}. Upgrade it.`,
  );
}
