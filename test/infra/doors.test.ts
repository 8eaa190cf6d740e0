/** The doors, and that none is open to everyone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Certificate } from "aws-cdk-lib/aws-certificatemanager";
import { AnyPrincipal } from "aws-cdk-lib/aws-iam";
import { FunctionUrlAuthType } from "aws-cdk-lib/aws-lambda";
import { HostedZone } from "aws-cdk-lib/aws-route53";
import type { SecurityProps } from "../../infra/constructs/index.ts";
import { at, resourcesOf, synthesise, synthesiseApp } from "./support.ts";

const handlerOf = ({ template }: Pick<ReturnType<typeof synthesise>, "template">) =>
  resourcesOf(template, "AWS::Lambda::Function").find(({ id }) => id.startsWith("LogApi"))?.Properties["Handler"];
const variablesOf = ({ template }: Pick<ReturnType<typeof synthesise>, "template">) =>
  at(
    resourcesOf(template, "AWS::Lambda::Function").find(({ id }) => id.startsWith("LogApi"))?.Properties,
    "Environment",
    "Variables",
  ) as Record<string, unknown>;

const jwt = { issuer: "https://login.example.com/", audience: ["log"] };
const bearer = synthesise(() => ({ restApi: { auth: "bearer" }, security: { jwt } }));

test("by default there is one door: a function URL that takes signed requests and streams", () => {
  const { template, log } = synthesise();
  template.hasResourceProperties("AWS::Lambda::Url", { AuthType: "AWS_IAM", InvokeMode: "RESPONSE_STREAM" });
  template.resourceCountIs("AWS::ApiGateway::RestApi", 0);
  assert.equal(handlerOf({ template }), "index.stream");
  assert.equal(log.rest, undefined);
});

test("both doors stream, or neither does: they share the function", () => {
  const streaming = synthesise(() => ({ restApi: { auth: "iam" } }));
  const buffered = synthesise(() => ({ restApi: { auth: "iam" }, responseStreaming: false }));
  const modes = ({ template }: typeof streaming) =>
    resourcesOf(template, "AWS::ApiGateway::Method").map(({ Properties }) => [
      Properties["HttpMethod"],
      Properties["AuthorizationType"],
      at(Properties, "Integration", "ResponseTransferMode"),
      at(Properties, "Integration", "TimeoutInMillis"),
    ]);
  assert.deepEqual(modes(streaming), [
    ["ANY", "AWS_IAM", "STREAM", 900_000],
    ["ANY", "AWS_IAM", "STREAM", 900_000],
  ]);
  assert.equal(handlerOf(streaming), "index.stream");
  assert.deepEqual(modes(buffered), [
    ["ANY", "AWS_IAM", "BUFFERED", 29_000],
    ["ANY", "AWS_IAM", "BUFFERED", 29_000],
  ]);
  assert.equal(handlerOf(buffered), "index.handler");
  buffered.template.hasResourceProperties("AWS::Lambda::Url", { InvokeMode: "BUFFERED" });
});

test("the bearer door leaves it to the app who may come in, which is told whose JWTs to take", () => {
  for (const { Properties } of resourcesOf(bearer.template, "AWS::ApiGateway::Method"))
    assert.equal(Properties["AuthorizationType"], "NONE");
  const { STRATALOG_JWT_ISSUER: issuer, STRATALOG_JWT_AUDIENCE: audience } = variablesOf(bearer);
  assert.deepEqual([issuer, audience], [jwt.issuer, "log"]);
});

test("access logs have no query, header or body, and nothing traces them", () => {
  const [stage] = resourcesOf(bearer.template, "AWS::ApiGateway::Stage");
  const fields = JSON.parse(String(at(stage?.Properties, "AccessLogSetting", "Format"))) as Record<string, string>;
  assert.deepEqual(Object.keys(fields).toSorted(), [
    "bytes",
    "error",
    "ip",
    "latencyMs",
    "method",
    "path",
    "principal",
    "requestId",
    "status",
    "time",
  ]);
  assert.equal(at(stage?.Properties, "MethodSettings", 0, "DataTraceEnabled"), false);
  assert.equal(at(stage?.Properties, "MethodSettings", 0, "LoggingLevel"), "ERROR");
});

test("the account's role for API Gateway's logs is made only when it is asked for", () => {
  bearer.template.resourceCountIs("AWS::ApiGateway::Account", 0);
  synthesise(() => ({ restApi: { auth: "iam", accountLogRole: true } })).template.resourceCountIs("AWS::ApiGateway::Account", 1);
});

test("what the REST door itself refuses is told in the app's words", () => {
  const answers = resourcesOf(bearer.template, "AWS::ApiGateway::GatewayResponse").map(({ Properties }) => {
    const template = String(at(Properties, "ResponseTemplates", "application/json")).replace("$context.error.messageString", '"m"');
    const { error } = JSON.parse(template) as { readonly error: { readonly code: string; readonly outcome: string } };
    return [Properties["ResponseType"], `${error.code} ${error.outcome}`];
  });
  const byType = Object.fromEntries(answers) as Readonly<Record<string, string>>;
  assert.equal(byType["MISSING_AUTHENTICATION_TOKEN"], "unauthenticated not-applied");
  assert.equal(byType["ACCESS_DENIED"], "forbidden not-applied");
  // The function may have gone on.
  assert.equal(byType["INTEGRATION_TIMEOUT"], "timeout unknown");
});

test("a web ACL and a domain of one's own", () => {
  const { template, log } = synthesise((stack) => ({
    restApi: {
      auth: "iam",
      webAclArn: "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/mine/1",
      domain: {
        name: "log.example.com",
        certificate: Certificate.fromCertificateArn(stack, "Certificate", "arn:aws:acm:eu-west-1:123456789012:certificate/1"),
        hostedZone: HostedZone.fromHostedZoneAttributes(stack, "Zone", { hostedZoneId: "Z1", zoneName: "example.com" }),
      },
    },
  }));
  template.hasResourceProperties("AWS::WAFv2::WebACLAssociation", {
    WebACLArn: "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/mine/1",
  });
  template.hasResourceProperties("AWS::ApiGateway::DomainName", { DomainName: "log.example.com", SecurityPolicy: "TLS_1_2" });
  template.hasResourceProperties("AWS::Route53::RecordSet", { Name: "log.example.com.", Type: "A" });
  assert.equal(log.rest?.url, "https://log.example.com/");
});

test("a log without a door is refused", () => {
  assert.throws(() => synthesise(() => ({ functionUrl: false })), /The log has no door/);
  assert.throws(() => synthesiseApp({ functionUrl: "false" }), /The log has no door/);
});

test("a bearer door that nobody could pass is refused", () => {
  assert.throws(() => synthesise(() => ({ restApi: { auth: "bearer" } })), /set security\.jwt or security\.tokens/);
  assert.throws(
    () => synthesise(() => ({ restApi: { auth: "bearer" }, security: { tokens: false } })),
    /set security\.jwt or security\.tokens/,
  );
  assert.equal(variablesOf(synthesise(() => ({ restApi: { auth: "bearer" }, security: { tokens: true } })))["STRATALOG_TOKENS"], "on");
});

test("quotas are the functions' to hold principals to only where that is asked for", () => {
  assert.equal(variablesOf(synthesise(() => ({})))["STRATALOG_QUOTAS"], undefined);
  assert.equal(variablesOf(synthesise(() => ({ security: { quotas: true } })))["STRATALOG_QUOTAS"], "on");
});

test("credentials that the functions would not take are refused before anything is deployed", () => {
  const refused = (security: SecurityProps) => () => synthesise(() => ({ security }));
  assert.throws(refused({ jwt: { ...jwt, audience: [] } }), /JWTs need/);
  assert.throws(refused({ jwt: { ...jwt, jwksUrl: "http://login.example.com/keys" } }), /https/);
  assert.throws(refused({ jwt: { ...jwt, algorithms: ["none"] } }), /jwt-algorithms must be some of/);
  assert.throws(refused({ jwt: { ...jwt, algorithms: ["HS256"] } }), /jwt-algorithms must be some of/);
  assert.throws(refused({ superUsers: ["ada"] }), /super-users must be principals/);
  assert.throws(refused({ allowedOrigins: ["*"] }), /allowed-origins must be origins/);
});

test("a URL or a permission for everyone that somebody adds later is refused when the stack is made", () => {
  assert.throws(
    () =>
      synthesise(
        () => ({ functionUrl: false, restApi: { auth: "iam" } }),
        (log) => log.api.addFunctionUrl({ authType: FunctionUrlAuthType.NONE }),
      ),
    /opens the log's API to everyone/,
  );
  assert.throws(
    () => synthesise(undefined, (log) => log.api.addPermission("All", { principal: new AnyPrincipal(), action: "lambda:InvokeFunction" })),
    /opens the log's API to everyone/,
  );
});

test("nothing that allows is for everyone", () => {
  for (const { Type, Properties } of [...resourcesOf(bearer.template), ...resourcesOf(synthesise().template)]) {
    const isOpen = Type === "AWS::Lambda::Permission" && Properties["Principal"] === "*";
    assert.equal(isOpen, false);
    if (Type !== "AWS::S3::BucketPolicy") assert.ok(!JSON.stringify(Properties).includes('"AWS":"*"'), Type);
  }
});
