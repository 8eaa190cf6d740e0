import { canonicalPrincipal } from "../core/access/principal.ts";
import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { Setting } from "./settings.ts";

/** Signatures whose check needs no secret: with a shared one, whoever can check a JWT could make one. */
export const jwtAlgorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"] as const;
export type JwtAlgorithm = (typeof jwtAlgorithms)[number];

export interface JwtSettings {
  /** `iss`, exactly. */
  readonly issuer: string;
  /** `aud`: a JWT for one of these. */
  readonly audience: readonly string[];
  readonly algorithms: readonly JwtAlgorithm[];
  /** Where the issuer's keys are: https, or http on this machine. */
  readonly jwksUrl: string;
  /** Which claim names the caller. */
  readonly claim: string;
}

/** Who is let in, as data. Without any credentials but signed requests when it is empty. */
export interface Credentials {
  readonly jwt?: JwtSettings;
  /** Whether API tokens are accepted. Default true. */
  readonly tokens?: boolean;
  /** Authenticates `User:admin`, who may do all. At least `limits.adminTokenLengthMin` characters. */
  readonly adminToken?: string;
  /** Principals that may do all. */
  readonly superUsers?: readonly string[];
  /** Origins of web pages that may call, such as `https://console.example.com`. */
  readonly allowedOrigins?: readonly string[];
}

/** The one credential that is no setting: a secret on a command line can be read by others. */
export const adminTokenEnv = "STRATALOG_ADMIN_TOKEN";

const any = (): undefined => undefined;
const listOf = (value: string): readonly string[] => value.split(",").flatMap((part) => (part.trim() === "" ? [] : [part.trim()]));
/** IAM's names may have commas, so one ends a principal only where another follows. */
const principalsOf = (value: string): readonly string[] =>
  value.split(/;|,\s*(?=User:)/).flatMap((part) => (part.trim() === "" ? [] : [part.trim()]));
const isKeysUrl = (value: string): boolean => {
  const url = URL.parse(value);
  return url?.protocol === "https:" || (url?.protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname));
};
const isPrincipal = (value: string): boolean => {
  try {
    return canonicalPrincipal(value) !== "";
  } catch {
    return false;
  }
};

/** Settings of who may call the HTTP API. */
export const securitySettings = {
  jwtIssuer: {
    flag: "jwt-issuer",
    env: "STRATALOG_JWT_ISSUER",
    default: "",
    unit: "URL",
    doc: "Accept JWTs of this issuer (the claim iss, exactly).",
    check: (value) => (value === "" || URL.canParse(value) ? undefined : "a URL such as https://login.example.com/"),
  },
  jwtAudience: {
    flag: "jwt-audience",
    env: "STRATALOG_JWT_AUDIENCE",
    default: "",
    unit: "names",
    doc: "Only JWTs for this audience (the claim aud); several with commas. Needed with an issuer.",
    check: any,
  },
  jwtAlgorithms: {
    flag: "jwt-algorithms",
    env: "STRATALOG_JWT_ALGORITHMS",
    default: "RS256,PS256,ES256,EdDSA",
    unit: "names",
    doc: "Only JWTs signed so.",
    check: (value) =>
      listOf(value).length > 0 && listOf(value).every((name) => jwtAlgorithms.some((known) => known === name))
        ? undefined
        : `some of ${jwtAlgorithms.join(", ")}`,
  },
  jwtJwksUrl: {
    flag: "jwt-jwks-url",
    env: "STRATALOG_JWT_JWKS_URL",
    default: "",
    unit: "URL",
    doc: "Where the issuer's keys are. Where it is not given: the issuer's /.well-known/jwks.json.",
    check: (value) => (value === "" || isKeysUrl(value) ? undefined : "an https URL (http on this machine only)"),
  },
  jwtClaim: {
    flag: "jwt-claim",
    env: "STRATALOG_JWT_CLAIM",
    default: "sub",
    unit: "name",
    doc: "The claim that names the caller: ada is the principal User:ada.",
    check: (value) => (value === "" ? "given" : undefined),
  },
  tokens: {
    flag: "tokens",
    env: "STRATALOG_TOKENS",
    default: "",
    unit: "on|off",
    doc: "Whether API tokens are accepted. Where it is not given: as soon as there are other credentials.",
    check: (value) => (["", "on", "off"].includes(value) ? undefined : "on or off"),
  },
  quotas: {
    flag: "quotas",
    env: "STRATALOG_QUOTAS",
    default: "",
    unit: "on|off",
    doc: "Whether callers are held to their quotas. Where it is not given: off on the engine aws, where leases of quotas take writes, else on.",
    check: (value) => (["", "on", "off"].includes(value) ? undefined : "on or off"),
  },
  superUsers: {
    flag: "super-users",
    env: "STRATALOG_SUPER_USERS",
    default: "",
    unit: "principals",
    doc: "Who may do all: User:ada;User:arn:aws:iam::123456789012:role/Admin.",
    check: (value) => (principalsOf(value).every(isPrincipal) ? undefined : "principals such as User:ada;User:bob"),
  },
  allowedHosts: {
    flag: "allowed-hosts",
    env: "STRATALOG_ALLOWED_HOSTS",
    default: "",
    unit: "names",
    doc: "More names that clients reach the server under, with or without a port; several with commas.",
    check: any,
  },
  allowedOrigins: {
    flag: "allowed-origins",
    env: "STRATALOG_ALLOWED_ORIGINS",
    default: "",
    unit: "origins",
    doc: "Web pages that may call, with credentials: https://console.example.com; several with commas.",
    check: (value) =>
      listOf(value).every((origin) => URL.parse(origin)?.origin === origin) ? undefined : "origins such as https://console.example.com",
  },
} as const satisfies Record<string, Setting>;

/**
 * What the settings say of credentials. Empty where they say nothing.
 * @param read a setting's value: `readSetting`, or a command's flags
 * @throws invalid_request when they do not fit together
 */
export function securityFromSettings(read: (setting: Setting) => string, env: Readonly<Record<string, string | undefined>>): Credentials {
  const jwt = jwtFrom(read);
  const tokens = read(securitySettings.tokens);
  const adminToken = env[adminTokenEnv] ?? "";
  if (adminToken !== "" && !isAdminToken(adminToken)) throw badAdminToken();
  const superUsers = principalsOf(read(securitySettings.superUsers)).map(canonicalPrincipal);
  const allowedOrigins = listOf(read(securitySettings.allowedOrigins));
  return {
    ...(jwt !== undefined && { jwt }),
    ...(tokens !== "" && { tokens: tokens === "on" }),
    ...(adminToken !== "" && { adminToken }),
    ...(superUsers.length > 0 && { superUsers }),
    ...(allowedOrigins.length > 0 && { allowedOrigins }),
  };
}

/** More `Host` names to serve. */
export function allowedHostsFrom(read: (setting: Setting) => string): readonly string[] {
  return listOf(read(securitySettings.allowedHosts));
}

/** Whether callers are held to their quotas; undefined: where the engine's writes cost nothing. */
export function quotasFromSettings(read: (setting: Setting) => string): boolean | undefined {
  const text = read(securitySettings.quotas);
  return text === "" ? undefined : text === "on";
}

/** Whether somebody can be let in by these alone, without a door in front that checks signatures. */
export function hasCredentials({ jwt, tokens, adminToken }: Credentials): boolean {
  return jwt !== undefined || tokens === true || adminToken !== undefined;
}

/** Whether it is long enough, and can stand in a header. */
export function isAdminToken(text: string): boolean {
  return text.length >= limits.adminTokenLengthMin && /^[\w.~+/=-]+$/.test(text);
}

export function badAdminToken(): LogError {
  return new LogError(
    "invalid_request",
    `${adminTokenEnv} must have at least ${limits.adminTokenLengthMin} letters, digits or any of -._~+/=, such as: openssl rand -hex 32.`,
  );
}

function jwtFrom(read: (setting: Setting) => string): JwtSettings | undefined {
  const issuer = read(securitySettings.jwtIssuer);
  const audience = listOf(read(securitySettings.jwtAudience));
  if (issuer === "") return undefined;
  const [audienceSetting, keysSetting] = [securitySettings.jwtAudience, securitySettings.jwtJwksUrl];
  if (audience.length === 0) {
    throw new LogError(
      "invalid_request",
      `JWTs need --${audienceSetting.flag} (or ${audienceSetting.env}): else those for other programs would be let in.`,
    );
  }
  const given = read(keysSetting);
  const jwksUrl = given === "" ? `${issuer.replace(/\/$/, "")}/.well-known/jwks.json` : given;
  if (!isKeysUrl(jwksUrl)) {
    throw new LogError("invalid_request", `The issuer's keys must be at an https URL (http on this machine only), not ${jwksUrl}.`);
  }
  const algorithms = listOf(read(securitySettings.jwtAlgorithms)).flatMap((name) => jwtAlgorithms.find((known) => known === name) ?? []);
  return { issuer, audience, algorithms, jwksUrl, claim: read(securitySettings.jwtClaim) };
}
