import { LogError } from "../../core/errors.ts";

export function noCredentials(): LogError {
  return new LogError(
    "unauthenticated",
    "Say who you are: send Authorization: Bearer with an API token or a JWT, or sign the request where the server takes signed ones.",
  );
}

/** One answer for whatever is wrong with them: who guesses learns nothing. */
export function badCredentials(): LogError {
  return new LogError("unauthenticated", "These credentials are not valid here: they are unknown, expired or not for this log.");
}
