import { LogError } from "../errors.ts";
import { limits } from "../limits.ts";
import { utf8Bytes } from "../codec/utf8.ts";
import { anyName } from "./acl.ts";

const kind = "User:";
/** As an ACL's principal: everyone who has credentials. */
export const everyone = `${kind}${anyName}`;

const assumedRole = /^(arn:aws[a-z-]*:)sts(::\d+:)assumed-role\/([\w+=,.@-]+)\/[\w+=,.@-]+$/;
const role = /^(arn:aws[a-z-]*:iam::\d+:role\/)(?:[!-~]*\/)?([\w+=,.@-]+)$/;
const otherIdentity = /^arn:aws[a-z-]*:(?:iam|sts)::\d+:[!-~]+$/;
const control = /\p{Cc}/u;

/**
 * The principal of an AWS identity: a role whatever its path and session, else the ARN as it is.
 * Undefined when it is no identity's ARN.
 */
export function principalOfArn(arn: string): string | undefined {
  const session = assumedRole.exec(arn);
  if (session !== null) return checkedLength(`${kind}${session[1]}iam${session[2]}role/${session[3]}`);
  const own = role.exec(arn);
  if (own !== null) return checkedLength(`${kind}${own[1]}${own[2]}`);
  return otherIdentity.test(arn) ? checkedLength(kind + arn) : undefined;
}

/**
 * The principal of a name that is no AWS identity's: a JWT's subject.
 * Undefined when the name could be taken for an AWS identity or for everyone, or is none.
 */
export function principalOfName(name: string): string | undefined {
  if (name === "" || name === anyName || name.startsWith("arn:") || control.test(name) || !name.isWellFormed()) return undefined;
  return checkedLength(kind + name);
}

/**
 * A principal as somebody wrote it, in the one form that is compared: `User:` and a name, a role's ARN without path and session.
 * @throws invalid_request
 */
export function canonicalPrincipal(text: string): string {
  if (text === everyone) return text;
  const name = text.startsWith(kind) ? text.slice(kind.length) : "";
  const principal = name.startsWith("arn:") ? principalOfArn(name) : principalOfName(name);
  if (principal !== undefined) return principal;
  throw new LogError(
    "invalid_request",
    `A principal is ${kind} and a name of at most ${limits.principalBytesMax} bytes together, such as User:ada, User:arn:aws:iam::123456789012:role/Name or ${everyone}.`,
  );
}

function checkedLength(principal: string): string | undefined {
  return utf8Bytes(principal) <= limits.principalBytesMax ? principal : undefined;
}
