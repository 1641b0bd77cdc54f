#!/bin/sh
# Posts a message with curl, and posts it once: the retry key makes it safe to send the same request again.
#
#   SYNAPSE_TOKEN_FILE=~/.synapse/assistant.token examples/post.sh general 'The build is green.'
#   uptime | SYNAPSE_TOKEN_FILE=~/.synapse/assistant.token examples/post.sh general
#
# SYNAPSE_URL            the server; default http://127.0.0.1:8080
# SYNAPSE_TOKEN          the token, or SYNAPSE_TOKEN_FILE, the file that holds it
set -eu

channel=${1:?usage: post.sh CHANNEL [TEXT]}
shift
token=${SYNAPSE_TOKEN:-$(cat "${SYNAPSE_TOKEN_FILE:?set SYNAPSE_TOKEN or SYNAPSE_TOKEN_FILE}")}
if [ $# -gt 0 ]; then text=$*; else text=$(cat); fi

# A JSON string: escapes backslashes, quotes, line ends and tabs, and drops other control characters.
json_string() {
  printf '%s' "$1" | tr -d '\000-\010\013-\037' |
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e "s/$(printf '\t')/\\\\t/g" |
    awk '{ printf "%s%s", separator, $0; separator = "\\n" }'
}

body=$(printf '{"channel":"%s","body":"%s"}' "$(json_string "$channel")" "$(json_string "$text")")
key=post-$(date +%s)-$$

# curl reads the token from stdin, so that the process list does not show it.
status=0
answer=$(printf 'header = "Authorization: Bearer %s"\n' "$token" |
  curl --config - --silent --show-error --fail-with-body \
    --retry 5 --retry-connrefused --max-time 10 \
    --header 'Content-Type: application/json' \
    --header "Idempotency-Key: $key" \
    --data-binary "$body" \
    "${SYNAPSE_URL:-http://127.0.0.1:8080}/v1/messages") || status=$?

# JSON escapes most of what a terminal would obey. The rest, C1 and marks that turn the direction of text, becomes "?".
c1=$(printf '\302[\200-\237]')
overrides=$(printf '\342\200[\250-\256]')
isolates=$(printf '\342\201[\246-\251]')
printf '%s\n' "$answer" | LC_ALL=C tr -d '\000-\011\013-\037\177' |
  LC_ALL=C sed -e "s/$c1/?/g" -e "s/$overrides/?/g" -e "s/$isolates/?/g"
exit "$status"
