"""Runs LocalStack in this process, with what its own main program has no option for.

- It listens on 127.0.0.1 only: LocalStack's server takes the port of GATEWAY_LISTEN and ignores its host.
- LOCALSTACK_PORT=0 takes a free port.
- With LOCALSTACK_HOST_TIED it ends when its standard input does, and removes LOCALSTACK_HOST_DATA.
It prints "listens on <port>" when it serves.
"""

import contextlib
import os
import shutil
import socket
import sys
import threading

listener = socket.create_server(("127.0.0.1", int(os.environ["LOCALSTACK_PORT"])), backlog=128)
port = listener.getsockname()[1]
os.environ["GATEWAY_LISTEN"] = f"127.0.0.1:{port}"
os.environ["LOCALSTACK_HOST"] = f"localhost:{port}"


def end_with_input():
    import psutil

    while os.read(0, 4096):
        pass
    def end_children():
        # DynamoDB and the functions, which know of no such end.
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()

    end_children()
    shutil.rmtree(os.environ["LOCALSTACK_HOST_DATA"], ignore_errors=True)
    # A request that was under way may have started DynamoDB again.
    end_children()
    os._exit(0)


def say_when_ready():
    from localstack.runtime import events

    events.infra_ready.wait()
    print(f"listens on {port}", flush=True)


def adopt(reactor, _port, **_options):
    return endpoints.AdoptedStreamServerEndpoint(reactor, listener.fileno(), socket.AF_INET)


if "LOCALSTACK_HOST_TIED" in os.environ:
    threading.Thread(target=end_with_input, daemon=True).start()

from localstack.runtime.main import main  # noqa: E402
from twisted.internet import endpoints  # noqa: E402

endpoints.TCP4ServerEndpoint = adopt
threading.Thread(target=say_when_ready, daemon=True).start()
sys.exit(main())
