#!/bin/sh
exec "$(dirname "$0")/synapse.sh" quickstart "$@"
