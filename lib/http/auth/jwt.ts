import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { JwtSettings } from "../../config/security-settings.ts";
import { principalOfName } from "../../core/access/principal.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import { badCredentials } from "./refusals.ts";

export interface VerifiedJwt {
  readonly principal: string;
  readonly expiresMs: number;
}

/** The issuer's keys cannot be fetched: nobody knows whether a JWT is good. */
class KeysUnavailable extends Error {}

/** Checks JWTs of one issuer. Keys are fetched when they are needed, kept, and fetched again for one that is not known. */
export class JwtVerifier {
  readonly #settings: JwtSettings;
  readonly #clock: Clock;
  readonly #keys: JWTVerifyGetKey;

  constructor(settings: JwtSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#keys = keysOf(new URL(settings.jwksUrl), clock);
  }

  /** @throws unauthenticated when it is not valid here; unavailable when the issuer's keys cannot be fetched */
  async verify(jwt: string): Promise<VerifiedJwt> {
    const { issuer, audience, algorithms, claim } = this.#settings;
    try {
      const { payload } = await jwtVerify(jwt, this.#keys, {
        issuer,
        audience: [...audience],
        algorithms: [...algorithms],
        requiredClaims: ["exp", claim],
        clockTolerance: limits.jwtClockToleranceMs / 1_000,
        currentDate: new Date(this.#clock.nowMs()),
      });
      const name = payload[claim];
      const principal = typeof name === "string" ? principalOfName(name) : undefined;
      if (principal === undefined || payload.exp === undefined) throw badCredentials();
      return { principal, expiresMs: payload.exp * 1_000 + limits.jwtClockToleranceMs };
    } catch (reason) {
      if (reason instanceof errors.JOSEError) throw badCredentials();
      if (!(reason instanceof KeysUnavailable)) throw reason;
      throw new LogError("unavailable", "The JWT issuer's keys cannot be fetched now, so no JWT can be checked: send this again.", {
        retryAfterMs: limits.jwksRetryMs,
        cause: reason.cause,
      });
    }
  }
}

function keysOf(url: URL, clock: Clock): JWTVerifyGetKey {
  let askedMs = Number.NEGATIVE_INFINITY;
  const remote = createRemoteJWKSet(url, {
    cacheMaxAge: limits.jwksCacheMs,
    cooldownDuration: limits.jwksCooldownMs,
    timeoutDuration: limits.jwksFetchMsMax,
    // Its cooldown is one after success: an issuer that is down would be asked for every request.
    [customFetch]: async (address, options) => {
      const sinceMs = clock.nowMs() - askedMs;
      if (sinceMs >= 0 && sinceMs < limits.jwksRetryMs) throw new Error("the keys were asked for a moment ago");
      askedMs = clock.nowMs();
      return await fetch(address, options);
    },
  });
  return async (header, token) => {
    try {
      return await remote(header, token);
    } catch (cause) {
      if (isAboutTheJwt(cause)) throw cause;
      throw new KeysUnavailable("", { cause });
    }
  };
}

/** The keys were there, and none of them is this JWT's. */
function isAboutTheJwt(reason: unknown): boolean {
  return (
    reason instanceof errors.JWKSNoMatchingKey ||
    reason instanceof errors.JWKSMultipleMatchingKeys ||
    reason instanceof errors.JOSENotSupported ||
    reason instanceof errors.JWSInvalid
  );
}
