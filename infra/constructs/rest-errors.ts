import { ResponseType, type RestApi } from "aws-cdk-lib/aws-apigateway";
import type { ErrorCode, Outcome } from "../../lib/core/errors.ts";

interface DoorError {
  readonly type: ResponseType;
  readonly code: ErrorCode;
  /** Default `not-applied`: the request did not get to the app. */
  readonly outcome?: Outcome;
  /** Default: the door's own. */
  readonly status?: number;
}

/** What the door itself answers, in the app's words: clients act on codes, whoever refuses them. */
const doorErrors: readonly DoorError[] = [
  { type: ResponseType.MISSING_AUTHENTICATION_TOKEN, code: "unauthenticated", status: 401 },
  { type: ResponseType.INVALID_SIGNATURE, code: "unauthenticated", status: 401 },
  { type: ResponseType.EXPIRED_TOKEN, code: "unauthenticated", status: 401 },
  { type: ResponseType.UNAUTHORIZED, code: "unauthenticated" },
  { type: ResponseType.ACCESS_DENIED, code: "forbidden" },
  { type: ResponseType.WAF_FILTERED, code: "forbidden" },
  { type: ResponseType.THROTTLED, code: "throttled" },
  { type: ResponseType.REQUEST_TOO_LARGE, code: "request_too_large" },
  { type: ResponseType.INTEGRATION_TIMEOUT, code: "timeout", outcome: "unknown" },
  { type: ResponseType.INTEGRATION_FAILURE, code: "unavailable", outcome: "unknown", status: 503 },
  { type: ResponseType.DEFAULT_4XX, code: "invalid_request" },
  { type: ResponseType.DEFAULT_5XX, code: "internal", outcome: "unknown" },
];

export function addRestErrors(restApi: RestApi): void {
  for (const { type, code, outcome = "not-applied", status } of doorErrors) {
    restApi.addGatewayResponse(`Error-${type.responseType}`, {
      type,
      // The message is a JSON string already, quotes included.
      templates: {
        "application/json": `{"error":{"code":"${code}","message":$context.error.messageString,"outcome":"${outcome}"}}`,
      },
      ...(status === undefined ? {} : { statusCode: String(status) }),
    });
  }
}
