import { Arn, Aws, Token } from "aws-cdk-lib";
import { AccountPrincipal, ArnPrincipal, type IGrantable, type IPrincipal, type IRole, type IUser } from "aws-cdk-lib/aws-iam";
import { principalOfArn } from "../../lib/core/access/principal.ts";

/**
 * The name that a grantee has in the log's access rules, `User:` and an ARN: of a role without its path, as the doors tell it.
 * @throws Error when a door could not tell the grantee by one name
 */
export function principalName(grantee: IGrantable): string {
  const principal = grantee.grantPrincipal;
  if (isRole(principal)) {
    const { roleName, env } = principal;
    return `User:${Arn.format({ partition: Aws.PARTITION, service: "iam", region: "", account: env.account, resource: "role", resourceName: roleName })}`;
  }
  const arn = isUser(principal) ? principal.userArn : principal instanceof ArnPrincipal ? principal.arn : undefined;
  // An account is everybody in it.
  const isOne = arn !== undefined && !(principal instanceof AccountPrincipal);
  const name = isOne && Token.isUnresolved(arn) ? `User:${arn}` : isOne ? principalOfArn(arn) : undefined;
  if (name !== undefined) return name;
  throw new Error(
    `The log has access rules for roles and users, not for ${arn ?? "this principal"}: grant to a role, to what runs as one, or to a user.`,
  );
}

function isRole(principal: IPrincipal): principal is IPrincipal & IRole {
  return "roleName" in principal && "roleArn" in principal;
}

function isUser(principal: IPrincipal): principal is IPrincipal & IUser {
  return "userArn" in principal;
}
