# Finds or downloads what a checkout needs: the pinned Bun and the packages of bun.lock. POSIX sh, sourced by
# bin/synapse and bin/check after they have set ROOT (the checkout) and PROGRAM (the name used in messages).
#
#   use_toolchain run     sets BUN; installs what the program needs to run
#   use_toolchain check   sets BUN; installs what the checks need as well
#
# Downloads are in $ROOT/.toolchain and $ROOT/node_modules; later runs only compare checksums. Messages go to stderr, and
# only when something is downloaded. Every failure ends the caller with exit status 1.

say() { printf '%s: %s\n' "$PROGRAM" "$*" >&2; }

die() {
  say "$@"
  exit 1
}

use_toolchain() {
  TOOLCHAIN=$ROOT/.toolchain
  BUN_VERSION=$(sed -n 's/.*"bun": *"\([0-9][0-9.]*\)".*/\1/p' "$ROOT/package.json")
  [ -n "$BUN_VERSION" ] || die "package.json names no Bun version under engines"
  find_bun && have_packages "$1" && return
  # In a subshell, so that traps, umask and a changed HOME do not affect the caller.
  (provision "$1") || exit 1
  find_bun || die "Bun $BUN_VERSION is not there although it was just fetched into .toolchain"
}

# Sets BUN to a Bun of exactly the pinned version: the one on PATH, else the one downloaded earlier.
find_bun() {
  for BUN in "$(command -v bun 2>/dev/null)" "$TOOLCHAIN/bun-$BUN_VERSION/bun"; do
    is_pinned_bun "$BUN" && return
  done
  return 1
}

is_pinned_bun() { [ -x "$1" ] && [ "$("$1" --version 2>/dev/null)" = "$BUN_VERSION" ]; }

# The stamp says for which lock file and patches node_modules was filled, and whether it includes the packages of the
# checks. A node_modules without a stamp comes from a manual `bun install`: packages are added to it, never removed.
have_packages() {
  stamp=$(cat "$ROOT/node_modules/.stamp" 2>/dev/null) || return 1
  sum=$(lock_sum)
  [ "$stamp" = "check $sum" ] || { [ "$1" = run ] && [ "$stamp" = "run $sum" ]; }
}

lock_sum() { (cd "$ROOT" && cksum package.json packages/*/package.json bun.lock patches/*); }

provision() {
  umask 022
  mkdir -p "$TOOLCHAIN" 2>/dev/null && [ -w "$TOOLCHAIN" ] ||
    die "cannot write to $TOOLCHAIN; run this once as the owner of the checkout"
  take_lock
  find_bun || fetch_bun
  have_packages "$1" || install_packages "$1"
}

fetch_bun() {
  command -v npm >/dev/null 2>&1 ||
    die "neither Bun $BUN_VERSION nor npm (to fetch it) is on PATH; see https://bun.com/docs/installation"
  say "fetching Bun $BUN_VERSION with npm, once"
  rm -rf "$TOOLCHAIN"/fetch.*
  fetch=$TOOLCHAIN/fetch.$$
  mkdir "$fetch" || die "cannot write to $TOOLCHAIN"
  private_caches
  # Without install scripts: the package of the platform contains the executable. The script would only move it to where
  # the second pattern finds it (an npm that is configured to run scripts does that).
  npm install --prefix "$fetch" --no-save --no-audit --no-fund --no-update-notifier --ignore-scripts \
    --include=optional --loglevel=error "bun@$BUN_VERSION" >"$fetch/npm.log" 2>&1 </dev/null ||
    {
      cat "$fetch/npm.log" >&2
      die "npm could not fetch bun@$BUN_VERSION; is the package registry reachable?"
    }
  for executable in "$fetch"/node_modules/@oven/bun-*/bin/bun "$fetch"/node_modules/bun/bin/bun.exe; do
    is_pinned_bun "$executable" || continue
    mkdir -p "$TOOLCHAIN/bun-$BUN_VERSION" && mv -f "$executable" "$TOOLCHAIN/bun-$BUN_VERSION/bun" ||
      die "cannot write to $TOOLCHAIN"
    rm -rf "$fetch"
    return
  done
  die "npm brought no Bun $BUN_VERSION that runs here ($(uname -sm))"
}

install_packages() {
  stamp=$ROOT/node_modules/.stamp
  case $(cat "$stamp" 2>/dev/null) in
    # The last run was interrupted: the folder may look complete to Bun and not be.
    *unfinished) rm -rf "$ROOT/node_modules" ;;
  esac
  what=$1
  if [ -d "$ROOT/node_modules" ] && ! grep -q '^run ' "$stamp" 2>/dev/null; then what=check; fi
  say "installing the packages of bun.lock"
  mkdir -p "$ROOT/node_modules" && echo "$what unfinished" >"$stamp" || die "cannot write to $ROOT/node_modules"
  [ "$what" = run ] && only=--production || only=
  find_bun
  private_caches
  # shellcheck disable=SC2086 # $only is one flag or none
  if (cd "$ROOT" && exec "$BUN" install --frozen-lockfile --ignore-scripts --no-progress $only) </dev/null \
    >"$TOOLCHAIN/install.log" 2>&1; then
    printf '%s %s' "$what" "$(lock_sum)" >"$stamp"
  else
    echo "$what failed" >"$stamp"
    cat "$TOOLCHAIN/install.log" >&2
    die "the packages could not be installed"
  fi
}

# Service users often have no home that they can write to: then the package caches are in the checkout.
private_caches() {
  [ -n "${HOME-}" ] && [ -w "$HOME" ] && return
  HOME=$TOOLCHAIN/home
  export HOME
  mkdir -p "$HOME"
}

# One installation at a time. The lock is a file made with O_EXCL that contains its owner's pid. The lock of a dead owner
# is removed under a second lock, so that two waiting processes cannot remove each other's.
take_lock() {
  lock=$TOOLCHAIN/lock
  waited=0
  until make_lock "$lock"; do
    owner=$(cat "$lock" 2>/dev/null)
    if [ -n "$owner" ] && ! is_alive "$owner" && make_lock "$lock.stale"; then
      [ "$(cat "$lock" 2>/dev/null)" = "$owner" ] && rm -f "$lock"
      rm -f "$lock.stale"
      continue
    fi
    [ "$waited" -eq 3 ] && say "waiting for another run (pid $owner) that is installing"
    [ "$waited" -lt 600 ] || die "gave up waiting; if no other run is installing, remove $lock and $lock.stale"
    sleep 1
    waited=$((waited + 1))
  done
  trap 'rm -rf "$TOOLCHAIN/fetch.$$"; [ "$(cat "$lock" 2>/dev/null)" != $$ ] || rm -f "$lock"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

make_lock() { (set -C && echo "$$" >"$1") 2>/dev/null; }

# kill -0 cannot see another user's process; /proc can, where it exists.
is_alive() { kill -0 "$1" 2>/dev/null || [ -d "/proc/$1" ]; }
