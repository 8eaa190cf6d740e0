"""Lambda runtime executor for LocalStack that runs each execution environment as a process of this machine.

It plays the part of the container, of LocalStack's lambda-runtime-init binary and of the AWS Runtime API at once:
a small HTTP server per environment serves /2018-06-01/runtime/*, and a bootstrap (Node.js, Python, or the function's
own `bootstrap` for provided.*) polls it, exactly as in AWS.
"""

import json
import logging
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from localstack import config
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, ImageCode, InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

LOG = logging.getLogger(__name__)
HERE = Path(__file__).parent
API = "/2018-06-01/runtime/"


class _RuntimeApi(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def _reply(self, status, body=b"", headers=None):
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, str(value))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():  # trailers
            pass
        return body

    def do_GET(self):
        owner: LocalRuntimeExecutor = self.server.owner
        if self.path != API + "invocation/next":
            return self._reply(404)
        owner.ready()
        item = owner.inbox.get()
        if item is None:
            self.close_connection = True
            return self._reply(410)
        payload, headers = item
        try:
            self._reply(200, payload, {"Content-Type": "application/json", **headers})
        except OSError:
            LOG.debug("runtime of %s went away before its event was handed over", owner.id)

    def do_POST(self):
        owner: LocalRuntimeExecutor = self.server.owner
        body, path = self._body(), self.path.removeprefix(API).split("/")
        if path == ["init", "error"]:
            owner.init_error(body)
        elif len(path) == 3 and path[0] == "invocation" and path[2] in ("response", "error"):
            owner.finish(path[1], body, path[2] == "error")
        else:
            return self._reply(404)
        self._reply(202, b'{"status":"OK"}', {"Content-Type": "application/json"})


class LocalRuntimeExecutor(RuntimeExecutor):
    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id, function_version)
        self.inbox: queue.Queue = queue.Queue()
        self.process: subprocess.Popen | None = None
        self.started: Future = Future()
        self.current: tuple[str, Future] | None = None
        self.env: dict[str, str] = {}
        self.dir = Path(tempfile.mkdtemp(prefix="lambda-env-"))
        self.log_path = self.dir / "log"
        self.server: ThreadingHTTPServer | None = None

    # called by the Runtime API threads
    def ready(self):
        if not self.started.done():
            self.started.set_result(True)

    def init_error(self, body: bytes):
        if not self.started.done():
            self.started.set_exception(StatusErrorException("Environment startup failed", payload=body))

    def finish(self, request_id: str, body: bytes, is_error: bool):
        current = self.current
        if current and current[0] == request_id and not current[1].done():
            current[1].set_result((body, is_error))

    # life of the environment
    def start(self, env_vars: dict[str, str]) -> None:
        code = str(self.function_version.config.code.get_unzipped_code_location())
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _RuntimeApi)
        self.server.daemon_threads = True
        self.server.owner = self
        threading.Thread(target=self.server.serve_forever, daemon=True, name=f"runtime-api-{self.id}").start()
        self.env = {key: str(value) for key, value in env_vars.items()} | {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.server.server_address[1]}",
            "LAMBDA_TASK_ROOT": code,
            "TMPDIR": str(self.dir),
            "TZ": "UTC",
        }
        self.env.setdefault("PATH", os.environ["PATH"])
        self.env.setdefault("LANG", "en_US.UTF-8")
        runtime = self.function_version.config.runtime or ""
        if runtime.startswith("nodejs"):
            modules = os.environ.get("LAMBDA_LOCAL_NODE_MODULES")
            if modules:
                self.env.setdefault("NODE_PATH", modules)
            self.argv = [os.environ.get("LAMBDA_LOCAL_NODE", "node"), "--enable-source-maps", str(HERE / "node-bootstrap.mjs")]
        elif runtime.startswith("python"):
            self.argv = [os.environ.get("LAMBDA_LOCAL_PYTHON", sys.executable), str(HERE / "python_bootstrap.py")]
        else:
            self.argv = [os.path.join(code, "bootstrap")]
        self._spawn()

    def _spawn(self):
        self.started = Future()
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                self.argv, cwd=self.env["LAMBDA_TASK_ROOT"], env=self.env, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        threading.Thread(target=self._watch, args=(self.process, self.started), daemon=True).start()
        self.started.result(timeout=config.LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT)

    def _watch(self, process: subprocess.Popen, started: Future):
        code = process.wait()
        current = self.current
        request_id = current[0] if current else ""
        how = f"signal: {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
        error = {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {request_id} Error: Runtime exited with error: {how}"}
        body = json.dumps(error).encode()
        if process is self.process and current and not current[1].done():
            current[1].set_result((body, True))
        if not started.done():
            started.set_exception(StatusErrorException("Environment startup failed", payload=body))

    def _kill(self):
        process = self.process
        if process and process.poll() is None:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait(timeout=5)

    def stop(self) -> None:
        self.inbox.put(None)
        self._kill()
        if self.server:
            self.server.shutdown()
            self.server.server_close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        request_id = payload["invoke-id"]
        timeout = int(self.function_version.config.timeout)
        offset = self.log_path.stat().st_size
        begun = time.monotonic()
        if self.process.poll() is not None:  # it timed out or exited in the last invocation
            self.inbox = queue.Queue()
            try:
                self._spawn()
            except StatusErrorException as e:
                return InvocationResult(request_id, e.payload, is_error=True, logs=self._logs_since(offset))
        begun = time.monotonic()
        future: Future = Future()
        self.current = (request_id, future)
        headers = {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": int((time.time() + timeout) * 1000),
            "Lambda-Runtime-Invoked-Function-Arn": payload["invoked-function-arn"],
            "Lambda-Runtime-Trace-Id": payload["trace-id"],
        }
        self.inbox.put((payload["payload"].encode(), headers))
        try:
            body, is_error = future.result(timeout=timeout)
        except FutureTimeout:
            self.current = None
            self._kill()
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            message = f"{stamp} {request_id} Task timed out after {timeout:.2f} seconds"
            body, is_error = json.dumps({"errorType": "Sandbox.Timedout", "errorMessage": f"RequestId: {request_id} Error: Task timed out after {timeout:.2f} seconds"}).encode(), True
            with self.log_path.open("a") as log:
                log.write(message + "\n")
        finally:
            self.current = None
        if self.process.poll() is None and is_error and b"Runtime.ExitError" in body:
            self._kill()
        ms = (time.monotonic() - begun) * 1000
        version, memory = self.function_version.id.qualifier, self.function_version.config.memory_size
        logs = (
            f"START RequestId: {request_id} Version: {version}\n{self._logs_since(offset)}"
            f"END RequestId: {request_id}\nREPORT RequestId: {request_id}\tDuration: {ms:.2f} ms\t"
            f"Billed Duration: {int(ms) + 1} ms\tMemory Size: {memory} MB\tMax Memory Used: {memory} MB\t\n"
        )
        return InvocationResult(request_id, body, is_error=is_error, logs=logs)

    def _logs_since(self, offset: int) -> str:
        with self.log_path.open("rb") as log:
            log.seek(offset)
            text = log.read().decode(errors="replace")
        return text if not text or text.endswith("\n") else text + "\n"

    def get_logs(self) -> str:
        return self._logs_since(0) if self.log_path.exists() else ""

    # addresses
    def get_address(self) -> str:
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}/_localstack_lambda/{self.id}"

    # preparation
    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        code, runtime = function_version.config.code, function_version.config.runtime or ""
        if not code or isinstance(code, ImageCode):
            raise NotImplementedError("container image functions need the docker executor")
        if not runtime.startswith(("nodejs", "python", "provided")):
            raise NotImplementedError(f"runtime {runtime} is not supported by the local executor")
        code.prepare_for_execution()
        # bundles leave @aws-sdk/* out because AWS's runtime ships it: put it where Node looks for it (also for ESM)
        modules, link = os.environ.get("LAMBDA_LOCAL_NODE_MODULES"), Path(tempfile.gettempdir()) / "lambda" / "node_modules"
        if modules and runtime.startswith("nodejs") and not os.path.lexists(link):
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(os.path.abspath(modules), target_is_directory=True)

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        pass
