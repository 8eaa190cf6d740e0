#!/bin/sh
# LocalStack's S3 in a container on a free port of 127.0.0.1. Prints "listens on <port>" and removes the container when
# standard input ends: who started this may be killed, and Docker would keep the container.
set -eu
container=$(docker run --detach --rm --publish 127.0.0.1::4566 \
  --env SERVICES=s3 --env EAGER_SERVICE_LOADING=1 --env DISABLE_EVENTS=1 --env SKIP_SSL_CERT_DOWNLOAD=1 \
  localstack/localstack:4.14.0)
trap 'docker rm --force "$container" >/dev/null' EXIT
port=$(docker port "$container" 4566/tcp | sed -n '1s/.*://p')

tries=0
until curl -sf "http://127.0.0.1:$port/_localstack/health" >/dev/null; do
  tries=$((tries + 1))
  [ "$tries" -lt 600 ] || { docker logs "$container" >&2; exit 1; }
  sleep 0.1
done
echo "listens on $port"
cat >/dev/null
