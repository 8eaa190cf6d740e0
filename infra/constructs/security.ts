import { Token } from "aws-cdk-lib";
import { type Credentials, securityFromSettings, securitySettings } from "../../lib/config/security-settings.ts";
import type { Setting } from "../../lib/config/settings.ts";

/** Who may call the log, besides IAM principals that have grants. */
export interface SecurityProps {
  /** Takes JSON Web Tokens of one issuer. Default: none. */
  readonly jwt?: JwtProps;
  /** Takes API tokens, which an admin makes by `POST /v1/tokens`. Default: where `jwt` is given. */
  readonly tokens?: boolean;
  /** Principals that may do everything, such as `User:arn:aws:iam::123456789012:role/Operator`. Default: none. */
  readonly superUsers?: readonly string[];
  /** Web origins whose pages may call, such as `https://app.example.com`. Default: none. */
  readonly allowedOrigins?: readonly string[];
  /** Holds principals to the quotas that are set for them. Default false: functions share a quota by leases, which take writes to the table. */
  readonly quotas?: boolean;
}

/** Whose tokens are taken. */
export interface JwtProps {
  /** A URL. Has to be the token's `iss`, exactly. */
  readonly issuer: string;
  /** One of these has to be in the token's `aud`. */
  readonly audience: readonly string[];
  /** Where the issuer publishes its keys. Default: `/.well-known/jwks.json` of the issuer. */
  readonly jwksUrl?: string;
  /** Signature algorithms that are taken. Default RS256, PS256, ES256 and EdDSA. */
  readonly algorithms?: readonly string[];
  /** The claim that names the principal. Default `sub`. */
  readonly claim?: string;
}

/** The environment that says this to the functions. @throws Error when the log would not take it */
export function securityEnvironment({
  jwt,
  tokens,
  superUsers = [],
  allowedOrigins = [],
  quotas,
}: SecurityProps): Readonly<Record<string, string>> {
  const given: readonly (readonly [Setting, string | undefined])[] = [
    [securitySettings.jwtIssuer, jwt?.issuer],
    [securitySettings.jwtAudience, jwt?.audience.join(",")],
    [securitySettings.jwtJwksUrl, jwt?.jwksUrl],
    [securitySettings.jwtAlgorithms, jwt?.algorithms?.join(",")],
    [securitySettings.jwtClaim, jwt?.claim],
    [securitySettings.tokens, tokens === undefined ? undefined : tokens ? "on" : "off"],
    [securitySettings.quotas, quotas === undefined ? undefined : quotas ? "on" : "off"],
    [securitySettings.superUsers, superUsers.join(";")],
    [securitySettings.allowedOrigins, allowedOrigins.join(",")],
  ];
  const environment: Record<string, string> = {};
  for (const [setting, value = ""] of given) {
    if (value === "") continue;
    const wanted = Token.isUnresolved(value) ? undefined : setting.check(value);
    if (wanted !== undefined) throw new Error(`security: ${setting.flag} must be ${wanted}, not "${value}".`);
    environment[setting.env] = value;
  }
  return environment;
}

/** What the functions will make of their environment. @throws LogError when it does not fit together */
export function credentialsOf(environment: Readonly<Record<string, string>>): Credentials {
  return securityFromSettings(({ env, default: otherwise }) => {
    const value = environment[env] ?? otherwise;
    if (!Token.isUnresolved(value)) return value;
    // CDK will know it when it deploys; until then, one that is well formed.
    return env === securitySettings.superUsers.env ? "User:unknown" : "https://unknown.invalid";
  }, {});
}
