import { createHash } from "node:crypto";
import { CustomResource, Duration, Stack, Token, TokenComparison } from "aws-cdk-lib";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Construct, type IConstruct } from "constructs";
import { type Acl, anyName, clusterName } from "../../lib/core/access/acl.ts";
import { principalName } from "./principals.ts";
import type { RestDoor } from "./rest-door.ts";

/** An access rule without who it is for: `allow` is implied. */
export type Right = Pick<Acl, "resourceType" | "resourceName" | "operation">;

/** What a grant needs of a log. */
export interface GrantParts {
  readonly log: Construct;
  readonly api: LambdaFunction;
  readonly hasUrl: boolean;
  readonly rest: RestDoor | undefined;
  readonly resources: LambdaFunction;
}

/** All of a log: its topics, its groups, and the log itself. */
export const rightsOnLog: readonly Right[] = [
  { resourceType: "CLUSTER", resourceName: clusterName, operation: "ALL" },
  { resourceType: "TOPIC", resourceName: anyName, operation: "ALL" },
  { resourceType: "GROUP", resourceName: anyName, operation: "ALL" },
];

/**
 * Lets a grantee through the doors that know IAM, and gives it rights within. No two grants share a rule, so that each can be taken back alone: READ and
 * WRITE imply DESCRIBE, as in Kafka.
 * @param owner what the rights are on
 * @param name of the grant, one for each set of rights on its owner
 */
export function grant(owner: Construct, name: string, grantee: IGrantable, given: readonly Right[], parts: GrantParts): Grant {
  const principal = principalName(grantee);
  const entrance = grantEntrance(grantee, parts);
  // In the grantee's stack: its name is known there, and stacks that use a log of another stack must not be needed by that.
  const known = grantee.grantPrincipal;
  const scope = Construct.isConstruct(known) ? known : owner;
  const id = `Stratalog${name}-${owner.node.addr}${scope === owner ? `-${hash(owner, principal)}` : ""}`;
  if (scope.node.tryFindChild(id) === undefined) {
    new CustomResource(scope, id, {
      resourceType: "Custom::StratalogAcl",
      serviceToken: parts.resources.functionArn,
      serviceTimeout: Duration.minutes(5),
      properties: { acls: given.map((right) => ({ ...right, patternType: "LITERAL", principal, permission: "ALLOW" })) },
    });
  }
  return entrance;
}

/**
 * `InvokeFunction` only by way of the URL: who could invoke the function itself could send an event of its own making, with any identity in it. API
 * Gateway needs its own right instead.
 */
function grantEntrance(grantee: IGrantable, { api, hasUrl, rest }: GrantParts): Grant {
  const grants: Grant[] = [];
  if (hasUrl) grants.push(...grantUrl(grantee, api));
  if (rest?.auth === "iam") {
    grants.push(Grant.addToPrincipal({ grantee, actions: ["execute-api:Invoke"], resourceArns: [rest.invokeArn] }));
  }
  const [first, ...others] = grants;
  if (first === undefined) {
    throw new Error(
      "No door of this log knows IAM principals: have a function URL, or a REST API with auth iam. Rules for JWTs and tokens are made by POST /v1/acls.",
    );
  }
  return others.reduce((all, one) => all.combine(one), first);
}

/** By the grantee's own policy, and by the function's where that is not enough: an ARN has no policy, and another account's role needs both. */
function grantUrl(grantee: IGrantable, api: LambdaFunction): readonly Grant[] {
  // Not `grantInvokeUrl` for everyone: it writes `true` without quotes into a policy, which not every service that reads policies takes.
  const conditions = {
    "lambda:InvokeFunctionUrl": { StringEquals: { "lambda:FunctionUrlAuthType": "AWS_IAM" } },
    "lambda:InvokeFunction": { Bool: { "lambda:InvokedViaFunctionUrl": "true" } },
  };
  const { principalAccount: account = api.env.account } = grantee.grantPrincipal;
  const isForeign = Token.compareStrings(account, api.env.account) === TokenComparison.DIFFERENT;
  const own = Object.entries(conditions).map(([action, condition]) =>
    Grant.addToPrincipal({ grantee, actions: [action], resourceArns: [api.functionArn], conditions: condition }),
  );
  return own.every(({ success }) => success) && !isForeign ? own : [api.grantInvokeUrl(grantee)];
}

/** Text that may hold tokens, as a part of an id. */
export function hash(scope: IConstruct, text: string): string {
  const resolved = JSON.stringify(Stack.of(scope).resolve(text));
  return createHash("sha256").update(resolved).digest("hex").slice(0, 8);
}
