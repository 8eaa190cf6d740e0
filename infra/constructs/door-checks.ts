import { CfnPermission, CfnUrl, type Function as LambdaFunction, FunctionUrlAuthType } from "aws-cdk-lib/aws-lambda";
import type { EventLogProps } from "./event-log-props.ts";
import { hasCredentials } from "../../lib/config/security-settings.ts";
import { credentialsOf, securityEnvironment } from "./security.ts";

/** A log that nobody could reach is a mistake, and so are credentials that it would not take. @throws Error */
export function checkDoors({ functionUrl = true, restApi, security = {} }: EventLogProps): void {
  if (!functionUrl && restApi === undefined) {
    throw new Error("The log has no door: leave functionUrl on, or give it a restApi.");
  }
  const credentials = credentialsOf(securityEnvironment(security));
  if (restApi?.auth === "bearer" && !hasCredentials(credentials)) {
    throw new Error(
      "A REST API with auth bearer lets everybody to the app, which then takes nobody: set security.jwt or security.tokens, or auth iam.",
    );
  }
}

/** What others may have added to the API's function that opens it to everyone, as the errors of a synthesis. */
export function publicDoors(api: LambdaFunction): string[] {
  const signed: string = FunctionUrlAuthType.AWS_IAM;
  return api.node.findAll().flatMap((child) => {
    const isOpenUrl = child instanceof CfnUrl && child.authType !== signed;
    const isOpenPermission = child instanceof CfnPermission && child.principal === "*";
    if (!isOpenUrl && !isOpenPermission) return [];
    return [`${child.node.path} opens the log's API to everyone without credentials: use its functionUrl, or a restApi with auth bearer.`];
  });
}
