"""Front doors that check signatures, as AWS's do.

LocalStack lets every request through a function URL or a REST API with IAM authorization, and tells the function of nobody. Here the signature is
verified with botocore, by the secret of the access key that it names, and the function is told whose it is. What that identity may do is not checked.
"""

import hashlib
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ALGORITHM = "AWS4-HMAC-SHA256 "
ACCOUNT = "000000000000"


class NotSigned(Exception):
    """Says which check failed; callers are told no more than AWS tells them."""


def raw_uri(request) -> str:
    uri = request.environ.get("RAW_URI") or request.full_path
    parts = urlsplit(uri)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def secret_of(access_key: str) -> tuple[str, str, str | None]:
    """The secret of an access key, whose it is, and the session token that has to come with it."""
    if access_key == "test":
        return "test", f"arn:aws:iam::{ACCOUNT}:root", None
    from moto.iam.models import iam_backends
    from moto.sts.models import sts_backends

    for backend in iam_backends[ACCOUNT].values():
        for user in backend.users.values():
            for key in user.access_keys:
                if key.access_key_id == access_key and key.status == "Active":
                    return key.secret_access_key, user.arn, None
    for backend in sts_backends[ACCOUNT].values():
        for role in backend.assumed_roles:
            if role.access_key_id == access_key:
                return role.secret_access_key, role.arn, role.session_token
    raise NotSigned(f"no access key {access_key}")


def verify(request, service: str) -> tuple[str, str]:
    """The access key and the ARN that signed a request for a service."""
    authorization = request.headers.get("Authorization", "")
    if not authorization.startswith(ALGORITHM):
        raise NotSigned("no signature")
    try:
        fields = dict(part.strip().split("=", 1) for part in authorization.removeprefix(ALGORITHM).split(","))
        access_key, _date, region, scope, _end = fields["Credential"].split("/")
        names, signature = fields["SignedHeaders"].split(";"), fields["Signature"]
    except (KeyError, ValueError):
        raise NotSigned("not a signature") from None
    if scope != service or "host" not in names:
        raise NotSigned(f"signed for {scope}")
    secret, arn, token = secret_of(access_key)
    if token is not None and request.headers.get("X-Amz-Security-Token") != token:
        raise NotSigned("another session's token")
    body = request.get_data()
    claimed = request.headers.get("X-Amz-Content-SHA256")
    if claimed not in (None, "UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()):
        raise NotSigned("another body was signed")
    copy = AWSRequest(
        method=request.method,
        url=f"http://{request.headers['Host']}{raw_uri(request)}",
        headers={name: request.headers.get(name, "") for name in names},
        data=body,
    )
    if claimed is not None:
        copy.headers["X-Amz-Content-SHA256"] = claimed
    copy.context["timestamp"] = request.headers.get("X-Amz-Date", "")
    signer = SigV4Auth(Credentials(access_key, secret, token), scope, region)
    signer.headers_to_sign = lambda _request: _signed(copy, names)
    if signer.signature(signer.string_to_sign(copy, signer.canonical_request(copy)), copy) != signature:
        raise NotSigned("the signature does not match")
    return access_key, arn


def _signed(request, names):
    from botocore.compat import HTTPHeaders

    headers = HTTPHeaders()
    for name in names:
        headers[name] = request.headers.get(name, "")
    return headers


def check_function_urls() -> None:
    from localstack.http import Response
    from localstack.services.lambda_ import urlrouter
    from localstack.services.lambda_.invocation.models import lambda_stores

    make_event, handle = urlrouter.event_for_lambda_url, urlrouter.FunctionUrlRouter.handle_lambda_url_invocation

    def is_checked(api_id: str, region: str) -> bool:
        for account in lambda_stores.keys():
            for function in lambda_stores[account][region].functions.values():
                for url in function.function_url_configs.values():
                    if url.url_id.lower() == api_id.lower():
                        return url.auth_type == "AWS_IAM"
        return False

    def checked_handle(self, request, api_id, region, **params):
        if is_checked(api_id, region):
            try:
                request.signed_by = verify(request, "lambda")
            except NotSigned:
                return Response('{"Message":"Forbidden"}', 403, {"x-amzn-ErrorType": "AccessDeniedException"}, mimetype="application/json")
        return handle(self, request, api_id, region, **params)

    def signed_event(api_id, request):
        event = make_event(api_id, request)
        if signed_by := getattr(request, "signed_by", None):
            access_key, arn = signed_by
            event["requestContext"]["authorizer"] = {"iam": {"accessKey": access_key, "accountId": ACCOUNT, "userArn": arn}}
        return event

    urlrouter.FunctionUrlRouter.handle_lambda_url_invocation = checked_handle
    urlrouter.event_for_lambda_url = signed_event


def check_rest_apis() -> None:
    from localstack.services.apigateway.next_gen.execute_api.gateway_response import AccessDeniedError
    from localstack.services.apigateway.next_gen.execute_api.handlers.method_request import MethodRequestHandler

    handle = MethodRequestHandler.__call__

    def checked_handle(self, chain, context, response):
        if context.resource_method.get("authorizationType") == "AWS_IAM":
            try:
                access_key, arn = verify(context.request, "execute-api")
            except NotSigned:
                raise AccessDeniedError("Forbidden") from None
            context.context_variables["identity"].update(accessKey=access_key, accountId=ACCOUNT, userArn=arn)
        return handle(self, chain, context, response)

    MethodRequestHandler.__call__ = checked_handle
