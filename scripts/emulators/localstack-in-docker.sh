#!/bin/sh
# LocalStack with Lambda in a container on a free port of 127.0.0.1; $1: the plugin of test/localstack-host, which makes its front doors check
# signatures. Prints "listens on <port>" and removes the container when standard input ends: who started this may be killed, and Docker would keep
# the container. Functions run in containers of their own, which LocalStack makes through Docker's socket.
set -eu
socket=$(docker context inspect --format '{{.Endpoints.docker.Host}}' | sed 's|^unix://||')
free_port() {
  node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}
# The same port inside and out: the addresses that LocalStack answers with name it.
port=$(free_port)
container=$(docker run --detach --rm --publish "127.0.0.1:$port:$port" \
  --env "GATEWAY_LISTEN=0.0.0.0:$port" --env "LOCALSTACK_HOST=localhost:$port" --env DISABLE_EVENTS=1 --env SKIP_SSL_CERT_DOWNLOAD=1 \
  --env DISABLE_CORS_CHECKS=1 --env DISABLE_CORS_HEADERS=1 --env DISABLE_PREFLIGHT_PROCESSING=1 --env DISABLE_CUSTOM_CORS_APIGATEWAY=1 \
  --volume "$socket:/var/run/docker.sock" --volume "$1:/opt/plugin-source:ro" --entrypoint sh localstack/localstack:4.14.0 \
  -c 'cp -r /opt/plugin-source /tmp/plugin && /opt/code/localstack/.venv/bin/python -m pip install -q /tmp/plugin && exec docker-entrypoint.sh')
trap 'docker rm --force "$container" >/dev/null' EXIT

tries=0
until curl -sf "http://127.0.0.1:$port/_localstack/health" >/dev/null; do
  tries=$((tries + 1))
  [ "$tries" -lt 1800 ] || { docker logs "$container" >&2; exit 1; }
  sleep 0.1
done
echo "listens on $port"
cat >/dev/null
