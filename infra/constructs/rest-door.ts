import type { RemovalPolicy } from "aws-cdk-lib";
import { Duration } from "aws-cdk-lib";
import {
  AccessLogField,
  AccessLogFormat,
  AuthorizationType,
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  MethodLoggingLevel,
  ResponseTransferMode,
  RestApi,
  SecurityPolicy,
} from "aws-cdk-lib/aws-apigateway";
import type { ICertificate } from "aws-cdk-lib/aws-certificatemanager";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import { ARecord, type IHostedZone, RecordTarget } from "aws-cdk-lib/aws-route53";
import { ApiGatewayDomain } from "aws-cdk-lib/aws-route53-targets";
import { CfnWebACLAssociation } from "aws-cdk-lib/aws-wafv2";
import { Construct } from "constructs";
import { accept } from "./accepted-rules.ts";
import { addRestErrors } from "./rest-errors.ts";

/** An API Gateway REST API in front of the log, with the same routes as the function URL. */
export interface RestDoorProps {
  /**
   * `iam`: the door takes requests signed with SigV4 and no others. `bearer`: the door lets requests through and the app takes those with a JWT or a
   * token, as `security` says, and no others.
   */
  readonly auth: "iam" | "bearer";
  /** A web ACL of AWS WAF, of this Region. Default: none. */
  readonly webAclArn?: string;
  /** A domain of your own. Default: none, the API's URL is made by AWS. */
  readonly domain?: RestDomainProps;
  /** Requests per second, and how many at once above that, over all callers. Default 1,000 and 2,000. */
  readonly throttle?: { readonly requestsPerSecond: number; readonly burst: number };
  /**
   * Whether requests are logged: time, principal, path, status, latency; never a query, a header or a body. Default true. API Gateway writes logs with
   * one role an account and Region: an account that has none needs `accountLogRole`, once.
   */
  readonly accessLogs?: boolean;
  /** Gives the account (not only this API) a role to write API Gateway's logs with, which stays when the stack goes. Default false. */
  readonly accountLogRole?: boolean;
}

/** A domain of your own for the REST API. */
export interface RestDomainProps {
  readonly name: string;
  /** Of the same Region. */
  readonly certificate: ICertificate;
  /** Where the name's record is made. Default: nowhere, the record is yours to make. */
  readonly hostedZone?: IHostedZone;
}

export interface RestDoorParts {
  readonly name: string;
  readonly api: LambdaFunction;
  readonly timeout: Duration;
  readonly responseStreaming: boolean;
  readonly logRetention: RetentionDays;
  readonly removalPolicy: RemovalPolicy;
}

/** The longest that API Gateway waits for an answer that is not streamed. */
export const restBufferedTimeout = Duration.seconds(29);

export class RestDoor extends Construct {
  readonly restApi: RestApi;
  readonly auth: RestDoorProps["auth"];
  readonly accessLog: LogGroup | undefined;
  readonly url: string;

  constructor(scope: Construct, id: string, props: RestDoorProps, parts: RestDoorParts) {
    super(scope, id);
    const { throttle = { requestsPerSecond: 1_000, burst: 2_000 }, accessLogs = true, accountLogRole = false, domain } = props;
    this.auth = props.auth;
    const { logRetention: retention, removalPolicy } = parts;
    this.accessLog = accessLogs ? new LogGroup(this, "AccessLog", { retention, removalPolicy }) : undefined;
    this.restApi = new RestApi(this, "Api", {
      restApiName: parts.name,
      description: `The HTTP API of ${parts.name}`,
      endpointTypes: [EndpointType.REGIONAL],
      // Bodies reach the function as the bytes that they are. Record batches are named beside: some emulators do not know that "*/*" has them.
      binaryMediaTypes: ["*/*", "application/vnd.stratalog.record-batch"],
      cloudWatchRole: accountLogRole,
      deployOptions: {
        throttlingRateLimit: throttle.requestsPerSecond,
        throttlingBurstLimit: throttle.burst,
        // Bodies, headers and queries would be in the trace.
        dataTraceEnabled: false,
        loggingLevel: accessLogs ? MethodLoggingLevel.ERROR : MethodLoggingLevel.OFF,
        ...(this.accessLog && { accessLogDestination: new LogGroupLogDestination(this.accessLog), accessLogFormat }),
      },
    });
    this.#addRoutes(parts);
    addRestErrors(this.restApi);
    accept(this.restApi, "APIG2", "The app checks every request; models of the door could not say what NDJSON and record batches are.");
    if (props.webAclArn === undefined) {
      accept(this.restApi.deploymentStage, "APIG3", "A web ACL is paid by the month and the request: who wants one gives it as webAclArn.");
    } else {
      new CfnWebACLAssociation(this, "WebAcl", { resourceArn: this.restApi.deploymentStage.stageArn, webAclArn: props.webAclArn });
    }
    if (domain !== undefined) this.#addDomain(domain);
    this.url = domain === undefined ? this.restApi.url : `https://${domain.name}/`;
  }

  /** What a principal of IAM needs to be let in. */
  get invokeArn(): string {
    return this.restApi.arnForExecuteApi("*", "/*", this.restApi.deploymentStage.stageName);
  }

  #addRoutes({ api, timeout, responseStreaming }: RestDoorParts): void {
    const integration = new LambdaIntegration(api, {
      allowTestInvoke: false,
      timeout: responseStreaming ? timeout : restBufferedTimeout,
      responseTransferMode: responseStreaming ? ResponseTransferMode.STREAM : ResponseTransferMode.BUFFERED,
    });
    const options = { authorizationType: this.auth === "iam" ? AuthorizationType.IAM : AuthorizationType.NONE };
    const { root } = this.restApi;
    for (const resource of [root, root.addResource("{proxy+}")]) {
      const method = resource.addMethod("ANY", integration, options);
      accept(method, "COG4", "IAM, or the app itself, says who calls; no user pool has to.");
      if (this.auth === "bearer")
        accept(method, "APIG4", "The app takes JWTs and tokens, checks them in one place, and refuses what has neither.");
    }
  }

  #addDomain({ name: domainName, certificate, hostedZone: zone }: RestDomainProps): void {
    const domain = this.restApi.addDomainName("Domain", {
      domainName,
      certificate,
      endpointType: EndpointType.REGIONAL,
      securityPolicy: SecurityPolicy.TLS_1_2,
    });
    if (zone === undefined) return;
    new ARecord(this, "Record", { zone, recordName: `${domainName}.`, target: RecordTarget.fromAlias(new ApiGatewayDomain(domain)) });
  }
}

/** `path` is without the query, which may hold a signature. */
const accessLogFormat = AccessLogFormat.custom(
  JSON.stringify({
    requestId: AccessLogField.contextRequestId(),
    time: AccessLogField.contextRequestTime(),
    ip: AccessLogField.contextIdentitySourceIp(),
    principal: AccessLogField.contextIdentityUserArn(),
    method: AccessLogField.contextHttpMethod(),
    path: AccessLogField.contextPath(),
    status: AccessLogField.contextStatus(),
    latencyMs: AccessLogField.contextResponseLatency(),
    bytes: AccessLogField.contextResponseLength(),
    error: AccessLogField.contextErrorResponseType(),
  }),
);
