#!/bin/sh
# Runs a command of Synapse where this checkout serves: in the container `api` of docker compose if there is one, else
# with bin/synapse. COMPOSE_FILE and COMPOSE_PROJECT_NAME choose another file and project, as they do for docker compose.
set -u

ROOT=$(cd "$(dirname "$0")/.." && pwd -P) || exit 1

containers() {
  (cd "$ROOT" && docker compose ps --quiet "$@" api) 2>/dev/null
}

if command -v docker >/dev/null 2>&1 && [ -n "$(containers --all)" ]; then
  if [ -z "$(containers --status running)" ]; then
    echo "The container api is not running. Start it first: docker compose up -d" >&2
    exit 1
  fi
  cd "$ROOT" || exit 1
  if [ -t 0 ] && [ -t 1 ]; then exec docker compose exec api synapse "$@"; fi
  exec docker compose exec -T api synapse "$@"
fi

exec "$ROOT/bin/synapse" "$@"
