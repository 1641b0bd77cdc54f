#!/bin/sh
# Fetches the Debian packages that some tests need, as far as they are missing; bin/check calls it. Without root, or on
# another system, it says what is missing, and those tests are skipped.
set -u

# command, package, what it is for
NEEDED='
caddy            caddy       the tests of Caddyfile
chromium         chromium    the tests in a browser
shellcheck       shellcheck  the check of the shell scripts
systemd-analyze  systemd     the check of the units
'

missing() {
  echo "$NEEDED" | while read -r command package purpose; do
    [ -z "$command" ] || command -v "$command" >/dev/null 2>&1 || printf '%s\t%s\n' "$package" "$purpose"
  done
}

packages=$(missing | cut -f1)
[ -n "$packages" ] || exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "fetching $(echo "$packages" | tr '\n' ' ')"
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086 # words
  if ! { apt-get -q -o DPkg::Lock::Timeout=120 update &&
    apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends $packages; } >"$log" 2>&1 </dev/null; then
    tail -n 5 "$log"
  fi
  rm -f "$log"
fi
missing | while IFS='	' read -r package purpose; do
  echo "skipping $purpose: install the package $package"
done
