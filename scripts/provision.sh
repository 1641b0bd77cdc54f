#!/bin/sh
# Gets the Debian packages that some tests need and that are missing; bin/check calls it. As root it installs them.
# Without root it unpacks those that work from any folder into .toolchain/debian. It names the packages that are still
# missing, also on other systems; their tests are skipped.
set -u

# command or module of Python, package, whether it works from any folder, purpose
NEEDED='
caddy            caddy         no   the tests of Caddyfile
chromium         chromium      no   the tests in a browser
faketime         faketime      no   the tests of clocks that differ
haproxy          haproxy       no   the tests behind HAProxy
nginx            nginx-light   no   the tests behind nginx
openssl          openssl       no   the tests with certificates
pgbouncer        pgbouncer     no   the tests behind PgBouncer
postgres         postgresql    yes  the tests on Postgres
python3:nio      python3-matrix-nio no the tests with matrix-nio
redis-server     redis-server  yes  the tests with Redis
shellcheck       shellcheck    no   the check of the shell scripts
systemd-analyze  systemd       no   the check of the units
'

UNPACKED=$(cd "$(dirname "$0")/.." && pwd -P)/.toolchain/debian

# Debian installs the programs of each Postgres version in a folder that is not on PATH.
find_programs() {
  for programs in /usr/lib/postgresql/*/bin "$UNPACKED"/usr/lib/postgresql/*/bin "$UNPACKED/usr/bin"; do
    [ ! -d "$programs" ] || PATH=$PATH:$programs
  done
}

has() {
  case $1 in
    # Debian's own Python: only that one finds the modules of packages.
    python3:*) /usr/bin/python3 -c "import ${1#python3:}" >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
  esac
}

missing() {
  echo "$NEEDED" | while read -r command package anywhere purpose; do
    [ -z "$command" ] || has "$command" || printf '%s\t%s\t%s\n' "$package" "$anywhere" "$purpose"
  done
}

# Some of these packages start a server on its default port when they are installed. The tests need only the programs and
# start their own servers. These two files prevent the start; they are removed at the end.
POLICY=/usr/sbin/policy-rc.d
CLUSTERS=/etc/postgresql-common/createcluster.conf
QUIETED=
SCRATCH=

quiet_services() {
  if [ ! -e "$POLICY" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$POLICY" && chmod 755 "$POLICY" && QUIETED="$QUIETED $POLICY"
  fi
  if [ ! -e "$CLUSTERS" ]; then
    mkdir -p "${CLUSTERS%/*}" && echo 'create_main_cluster = false' >"$CLUSTERS" && QUIETED="$QUIETED $CLUSTERS"
  fi
}

clean_up() {
  for file in $QUIETED; do rm -f "$file"; done
  # Replaces our file with the package's own.
  case $QUIETED in
    *"$CLUSTERS"*) cp "/usr/share/postgresql-common/${CLUSTERS##*/}" "$CLUSTERS" 2>/dev/null ;;
  esac
  [ -z "$SCRATCH" ] || rm -rf "$SCRATCH"
}

install_packages() {
  quiet_services
  apt-get -q -o DPkg::Lock::Timeout=120 update &&
    apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends "$@"
}

# The packages and their dependencies that are not installed. Packages that manage Debian's clusters need root; the
# servers of the tests do not need them.
unpack_packages() {
  apt-get -s -q -o Debug::NoLocking=1 install --no-install-recommends "$@" >"$SCRATCH/plan" || return
  mkdir "$SCRATCH/debs" && cd "$SCRATCH/debs" || return
  # shellcheck disable=SC2046 # words
  apt-get -q download $(sed -n 's/^Inst \([^ ]*\) .*/\1/p' "$SCRATCH/plan") || return
  mkdir -p "$UNPACKED" || return
  for package in ./*.deb; do dpkg-deb -x "$package" "$UNPACKED" || return; done
}

find_programs
packages=$(missing | cut -f1)
way=install_packages
if [ "$(id -u)" -ne 0 ]; then
  packages=$(missing | awk -F '\t' '$2 == "yes" { print $1 }')
  way=unpack_packages
fi
if [ -n "$packages" ] && command -v apt-get >/dev/null 2>&1; then
  echo "fetching $(echo "$packages" | tr '\n' ' ')"
  SCRATCH=$(mktemp -d) || exit 1
  trap clean_up EXIT
  trap 'exit 130' INT TERM
  export DEBIAN_FRONTEND=noninteractive LC_ALL=C
  # shellcheck disable=SC2086 # words
  { $way $packages; } >"$SCRATCH/log" 2>&1 </dev/null || tail -n 5 "$SCRATCH/log"
  find_programs
fi
missing | while IFS='	' read -r package _ purpose; do
  echo "skipping $purpose: install the package $package"
done
