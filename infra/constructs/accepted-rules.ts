import { Stack, Validations } from "aws-cdk-lib";
import type { Policy, Role } from "aws-cdk-lib/aws-iam";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import type { IConstruct } from "constructs";

/** A rule of cdk-nag's AwsSolutions that is known and not followed, at one resource, with the reason. */
export function accept(resource: IConstruct, rule: string, reason: string): void {
  Validations.of(resource).acknowledge({ id: `AwsSolutions-${rule}`, reason });
}

/** That a role, or a policy, may use all objects under a prefix: an object's name is not known before it is written. */
export function acceptObjects(role: Role | Policy, bucket: IBucket, pattern: string): void {
  const arn: unknown = Stack.of(role).resolve(bucket.arnForObjects(pattern));
  accept(
    role,
    `IAM5[Resource::${flat(arn)}]`,
    `Objects of one bucket, and of it only those under ${pattern}; the names are made while the log runs.`,
  );
}

/** A reference as cdk-nag writes it. */
function flat(reference: unknown): string {
  if (typeof reference === "string") return reference;
  const {
    Ref: ref,
    "Fn::GetAtt": attribute,
    "Fn::Join": join,
  } = reference as {
    readonly Ref?: string;
    readonly "Fn::GetAtt"?: readonly string[];
    readonly "Fn::Join"?: readonly [string, readonly unknown[]];
  };
  if (ref !== undefined) return `<${ref}>`;
  if (attribute !== undefined) return `<${attribute.join(".")}>`;
  return join === undefined ? JSON.stringify(reference) : join[1].map(flat).join(join[0]);
}
