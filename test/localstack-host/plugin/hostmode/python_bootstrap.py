"""A small Python Lambda runtime (the counterpart of node-bootstrap.mjs)."""

import http.client
import importlib
import json
import os
import sys
import time
import traceback
import types

conn = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
API = "/2018-06-01/runtime/"
root = os.environ["LAMBDA_TASK_ROOT"]
sys.path[0] = root


def call(method, path, body=None):
    conn.request(method, API + path, body)
    response = conn.getresponse()
    return response, response.read()


def error(e):
    traceback.print_exc()
    return json.dumps({"errorMessage": str(e), "errorType": type(e).__name__, "stackTrace": traceback.format_tb(e.__traceback__)})


try:
    module, _, name = os.environ["_HANDLER"].rpartition(".")
    handler = getattr(importlib.import_module(module.replace("/", ".")), name)
except BaseException as e:
    call("POST", "init/error", error(e))
    sys.exit(1)

while True:
    try:
        head, event = call("GET", "invocation/next")
    except OSError:
        sys.exit(0)
    if head.status != 200:
        sys.exit(0)
    rid, deadline = head.headers["Lambda-Runtime-Aws-Request-Id"], int(head.headers["Lambda-Runtime-Deadline-Ms"])
    context = types.SimpleNamespace(
        aws_request_id=rid,
        invoked_function_arn=head.headers["Lambda-Runtime-Invoked-Function-Arn"],
        function_name=os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        function_version=os.environ["AWS_LAMBDA_FUNCTION_VERSION"],
        memory_limit_in_mb=os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
        log_group_name=os.environ["AWS_LAMBDA_LOG_GROUP_NAME"],
        log_stream_name=os.environ["AWS_LAMBDA_LOG_STREAM_NAME"],
        get_remaining_time_in_millis=lambda: max(0, deadline - int(time.time() * 1000)),
    )
    try:
        result = json.dumps(handler(json.loads(event or b"null"), context))
        sys.stdout.flush()
        call("POST", f"invocation/{rid}/response", result)
    except Exception as e:
        body = error(e)
        sys.stdout.flush()
        call("POST", f"invocation/{rid}/error", body)
