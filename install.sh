#!/bin/sh
# Installs, upgrades and removes Synapse on this machine. POSIX sh. See `install.sh --help` and docs/install.md.
#
# In a checkout it builds the executable; in a release folder it checks the checksum and copies the executable. It makes
# the executable, <prefix>/lib/synapse with a record of everything else, the two data directories, and as root a service
# user and a unit. It never writes to existing data, and removes only what it made.
# Start reading at main, at the end.
set -eu

# Ownership. As root, the service has its own user and directories; for other users everything is in their home.
SERVICE=synapse.service
SERVICE_USER=synapse
SYSTEM_DATA=/var/lib/synapse
SYSTEM_BACKUPS=/var/lib/synapse-backups
SYSTEM_UNITS=/etc/systemd/system

# How long a start may take, in seconds; the second limit applies while the server reports a migration.
READY_WITHIN=30
MIGRATED_WITHIN=600

usage() {
  cat <<'END'
usage: ./install.sh [options]
       ./install.sh --uninstall [--purge] [options]

Installs Synapse and starts it. Run again with a newer version, it upgrades. As root: for the machine, as a service with
its own user. As any other user: for that user, below the home directory.

  --prefix DIR      the executable goes to DIR/bin (default: /usr/local as root, ~/.local as any other user)
  --port N          the port to listen on, for a new installation (default 8080)
  --service KIND    systemd, or background: a process that does not start at boot. Default: systemd where it runs
  --no-start        install everything, start nothing
  --dry-run         print every step, change nothing
  --uninstall       stop the server and remove the program; data and backups stay
  --purge           with --uninstall: delete data, backups and the service user, too
  --yes             with --purge: do not ask
  --help            show this

examples:
  sudo ./install.sh                          for the whole machine
  ./install.sh                               for you only
  sudo ./install.sh --dry-run                only show what would happen
  sudo ./install.sh --prefix /opt/synapse    /opt/synapse/bin/synapse
  sudo ./install.sh --port 8090              another port than 8080
  sudo ./install.sh --uninstall              remove the program, keep the data
  sudo ./install.sh --uninstall --purge      remove everything

Exit status: 0, 1 failure, 2 usage.
END
}

say() { printf '%s\n' "$*"; }
warn() { printf 'install.sh: %s\n' "$*" >&2; }

# die MESSAGE [LINE]...: the lines say what to do.
die() {
  warn "$1"
  shift
  for line; do [ -z "$line" ] || printf '  %s\n' "$line" >&2; done
  exit 1
}

usage_error() {
  warn "$1"
  printf '  see %s --help\n' "$0" >&2
  exit 2
}

# run WORDS: every change of the machine goes through this function, so that --dry-run can print it instead.
run() {
  if [ -n "$DRY_RUN" ]; then step "$@"; else "$@"; fi
}

step() {
  printf '  '
  for word; do
    case $word in
      '' | *[!A-Za-z0-9_./:=,@%+-]*) printf "'%s' " "$(printf %s "$word" | sed "s/'/'\\\\''/g")" ;;
      *) printf '%s ' "$word" ;;
    esac
  done | sed 's/ $//'
  printf '\n'
}

# --- paths -------------------------------------------------------------------------------------------------------------

layout() {
  UID_NOW=$(id -u)
  if [ "$UID_NOW" -eq 0 ]; then
    [ "$(uname -s)" = Linux ] || die "as root it installs on Linux only" "run it as the user that will run Synapse"
    MODE=system
    : "${PREFIX:=/usr/local}"
    DATA=$SYSTEM_DATA BACKUPS=$SYSTEM_BACKUPS UNITS=$SYSTEM_UNITS
  else
    MODE=user
    [ -d "${HOME-}" ] || die "HOME names no directory" "set it to your home directory"
    : "${PREFIX:=$HOME/.local}"
    DATA=$(xdg "${XDG_DATA_HOME-}" .local/share)/synapse
    BACKUPS=$(xdg "${XDG_STATE_HOME-}" .local/state)/synapse/backups
    UNITS=$(xdg "${XDG_CONFIG_HOME-}" .config)/systemd/user
  fi
  BIN=$PREFIX/bin/synapse
  LIB=$PREFIX/lib/synapse
  RECORD=$LIB/record
  UNIT=$UNITS/$SERVICE
}

# A directory of the XDG specification, which says to ignore relative paths.
xdg() {
  case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s\n' "$HOME/$2" ;;
  esac
}

# Sets KIND to systemd or background, unless the caller has.
choose_service() {
  RUNNING_SYSTEMD=
  if [ -d /run/systemd/system ] && has systemctl && { [ "$MODE" = system ] || user_manager_runs; }; then
    RUNNING_SYSTEMD=yes
  fi
  if [ -z "$KIND" ]; then
    if [ -n "$RUNNING_SYSTEMD" ]; then KIND=systemd; else KIND=background; fi
  fi
  [ "$KIND" = background ] || [ -n "$RUNNING_SYSTEMD$DRY_RUN$NO_START" ] ||
    die "systemd does not run here" "leave --service out, or add --no-start to prepare the disk of another machine"
}

# Sessions without a login often have no systemd instance.
user_manager_runs() { systemctl --user show-environment >/dev/null 2>&1; }

service_control() {
  if [ "$MODE" = system ]; then run systemctl "$@"; else run systemctl --user "$@"; fi
}

has() { command -v "$1" >/dev/null 2>&1; }

# --- the record: what was made, for the uninstallation -----------------------------------------------------------------
#
# Lines `dir PATH`, `unit CHECKSUM` and `user NAME`, in the order in which they were made.

recorded() { [ -f "$RECORD" ] && grep -q "^$1\$" "$RECORD"; }

# Until the directory of the record exists, NOTED has its lines.
note() {
  if [ -n "$DRY_RUN" ]; then return; fi
  if [ -f "$RECORD" ]; then
    printf '%s\n' "$1" >>"$RECORD"
  else
    NOTED="$NOTED$1
"
  fi
}

forget() {
  if [ -n "$DRY_RUN" ] || [ ! -f "$RECORD" ]; then return; fi
  grep -v "^$1" "$RECORD" >"$RECORD.new" || :
  mv -f "$RECORD.new" "$RECORD"
}

# Makes a directory with its parents, and records those that did not exist.
make_directory() {
  if [ -d "$1" ]; then return; fi
  case " $PLANNED " in *" $1 "*) return ;; esac
  make_directory "$(dirname "$1")"
  # Recorded first, so that an interrupted installation leaves nothing that is not in the record.
  note "dir $1"
  run mkdir -m "${2:-755}" "$1"
  PLANNED="$PLANNED$1 "
}

# Removes the empty directories of a list of `dir PATH` lines, the last one first.
remove_directories() {
  sed -n 's/^dir //p' | sed '1!G;h;$!d' | while IFS= read -r directory; do
    if [ -n "$DRY_RUN" ]; then
      step rmdir "$directory"
    else
      rmdir "$directory" 2>/dev/null || :
    fi
  done
}

# --- the new executable ------------------------------------------------------------------------------------------------

# Finds where the executable comes from: SOURCE is `checkout` or `release`.
find_source() {
  SOURCE_FILE=
  if [ -f "$HERE/SHA256SUMS" ]; then
    SOURCE=release
    target=$(machine_target)
    SOURCE_FILE=$HERE/synapse-$target
    [ -f "$SOURCE_FILE" ] || die "$HERE has no executable for this machine, synapse-$target" "download that file, too"
  elif [ -f "$HERE/scripts/build.ts" ] && [ -f "$HERE/scripts/toolchain.sh" ]; then
    SOURCE=checkout
  else
    die "$HERE is neither a checkout nor a release folder" "run the install.sh in one of these"
  fi
}

# The name of this machine's target, as in the names of the executables: linux-x64, linux-arm64-musl, darwin-arm64 …
machine_target() {
  case $(uname -s) in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    *) die "Synapse has no executable for $(uname -s)" ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) die "Synapse has no executable for $(uname -m) processors" ;;
  esac
  [ "$(getconf LONG_BIT 2>/dev/null || echo 64)" = 64 ] ||
    die "this system is a 32-bit one" "Synapse needs a 64-bit system; the processor may be able to run one"
  # The C library is the one that the system's shell is linked with.
  libc=
  if [ "$os" = linux ] && LC_ALL=C grep -q ld-musl- /bin/sh; then libc=-musl; fi
  printf '%s-%s%s\n' "$os" "$arch" "$libc"
}

# Puts the new executable next to its final path, as STAGED, and reads its version. Nothing else has changed until then.
stage() {
  if [ "$SOURCE" = checkout ]; then
    say "building from this checkout"
    SOURCE_FILE=$HERE/dist/.install/synapse
    if [ -n "$DRY_RUN" ]; then
      step bun scripts/build.ts --outfile "$SOURCE_FILE"
    else
      WORKSHOP=$(dirname "$SOURCE_FILE")
      build
    fi
  else
    say "checking $(basename "$SOURCE_FILE") against SHA256SUMS"
    verify_checksum
  fi
  make_directory "$(dirname "$BIN")"
  staged=$(dirname "$BIN")/.synapse.new
  [ -n "$DRY_RUN" ] || STAGED=$staged
  run cp "$SOURCE_FILE" "$staged" || die "cannot write to $(dirname "$BIN")" "choose another --prefix"
  run chmod 755 "$staged"
  remove_workshop
  if [ -n "$DRY_RUN" ]; then
    step "$staged" --version
    return
  fi
  NEW_VERSION=$("$staged" --version 2>&1) || die "the new executable does not run here: $NEW_VERSION" \
    "on a musl system it needs libstdc++ (apk add libstdc++)"
  case $NEW_VERSION in
    'synapse '*) ;;
    *) die "the new executable does not say that it is Synapse: $NEW_VERSION" ;;
  esac
}

# A checkout of another user is built as that user, so that root leaves no files in it.
build() {
  owner=$(owner_of "$HERE")
  if [ "$UID_NOW" -ne 0 ] || [ "$owner" = root ]; then
    build_as_myself "$SOURCE_FILE"
  else
    su -s /bin/sh "$owner" -c "$(step sh "$HERE/install.sh" --build "$SOURCE_FILE")"
  fi || die "the executable was not built"
}

remove_workshop() {
  if [ -z "$WORKSHOP" ]; then return; fi
  rm -rf "$WORKSHOP"
  rmdir "$(dirname "$WORKSHOP")" 2>/dev/null || :
  WORKSHOP=
}

build_as_myself() (
  set +e
  # The variables and functions of the toolchain exist in this subshell only.
  # shellcheck disable=SC2034
  ROOT=$HERE PROGRAM=install.sh
  # shellcheck source=/dev/null
  . "$HERE/scripts/toolchain.sh"
  use_toolchain run
  cd "$HERE" && exec "$BUN" --no-env-file scripts/build.ts --outfile "$1" >/dev/null
)

verify_checksum() {
  name=$(basename "$SOURCE_FILE")
  wanted=$(sed -n "s/^\([0-9a-f]\{64\}\)  *\*\{0,1\}$name\$/\1/p" "$HERE/SHA256SUMS")
  [ -n "$wanted" ] || die "SHA256SUMS does not list $name"
  found=$(sha256 "$SOURCE_FILE")
  [ "$found" = "$wanted" ] || die "$name is damaged: its SHA-256 is $found, SHA256SUMS says $wanted" "download it again"
}

sha256() {
  if has sha256sum; then sum=$(sha256sum <"$1")
  elif has shasum; then sum=$(shasum -a 256 <"$1")
  elif has openssl; then sum=$(openssl dgst -sha256 -r <"$1")
  else die "checking the executable needs sha256sum, shasum or openssl"
  fi
  printf '%s\n' "${sum%% *}"
}

owner_of() {
  # shellcheck disable=SC2012 # stat is not in POSIX; for one directory ls prints the owner before the name
  ls -ld "$1" | awk '{ print $3 }'
}

# --- checks before anything changes ------------------------------------------------------------------------------------

refuse_unsafe_prefix() {
  case $PREFIX in
    */../* | */..) usage_error "--prefix must not contain .." ;;
    /*[!A-Za-z0-9_./+-]*)
      [ "$MODE:$PREFIX" = "user:$HOME/.local" ] || usage_error "--prefix may contain only letters, digits and / . _ + -"
      ;;
    /*) ;;
    *) usage_error "--prefix must be an absolute path" ;;
  esac
}

# Our executables contain our sources, hence this name. A link is the user's own arrangement.
is_ours() { [ -f "$1" ] && [ ! -L "$1" ] && LC_ALL=C grep -q SYNAPSE_ALLOW_PUBLIC_BIND "$1"; }

# The executable that the unit at our path starts.
unit_program() { sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$UNIT" | sed -n 1p; }

unit_is_ours() { [ -f "$UNIT" ] && grep -q '^# Synapse: ' "$UNIT" && [ "$(unit_program)" = "$(program_in_unit)" ]; }

# Whether a directory is a home of Synapse, or empty, such as a new disk.
may_be_home() {
  if [ ! -d "$DATA" ] || [ -z "$(ls -A "$DATA")" ]; then return; fi
  for name in synapse.env synapse.db keys/instance.ed25519 run/lock.db; do
    if [ -e "$DATA/$name" ]; then return; fi
  done
  # Files that an interrupted first start leaves.
  # shellcheck disable=SC2010 # it only matters whether there is another name
  others=$(ls -A "$DATA" | grep -v -x -e synapse.env.new -e run -e logs -e keys -e blobs -e lost+found || :)
  [ -z "$others" ]
}

# The service user, who is neither root nor the owner, must be able to pass every folder of the path; new folders are
# open. An access list (+) may also allow it; then the start shows whether it does.
refuse_unreachable() {
  [ "$MODE" = system ] || return 0
  for place in "$(dirname "$BIN")" "$DATA" "$BACKUPS"; do
    folder=$place
    while :; do
      if [ "$folder" != "$DATA" ] && [ "$folder" != "$BACKUPS" ] && [ -d "$folder" ]; then
        # shellcheck disable=SC2012 # stat is not in POSIX
        case $(ls -ldL "$folder" | cut -c 1-11) in
          d????????[xt]* | d?????????+) ;;
          *)
            [ "$(owner_of "$folder")" = "$SERVICE_USER" ] ||
              die "the user $SERVICE_USER cannot reach $place: $folder is closed to others; nothing was changed" \
                "choose another --prefix, or open the folder: chmod o+x $folder"
            ;;
        esac
      fi
      [ "$folder" != / ] || break
      folder=$(dirname "$folder")
    done
  done
}

# Checked with the new executable, before anything else is made. A running server already uses its port.
refuse_taken_port() {
  if [ -n "$NO_START$DRY_RUN" ] || server_runs; then return; fi
  port=$(sed -n 's/^SYNAPSE_PORT=\([0-9]\{1,5\}\)$/\1/p' "$DATA/synapse.env" 2>/dev/null | sed -n '$p')
  port=${port:-${PORT:-8080}}
  [ "$port" -ne 0 ] || return 0
  (cd / && BUN_BE_BUN=1 "$STAGED" -e 'try {
    Bun.listen({ hostname: "127.0.0.1", port: Number(process.argv.at(-1)), socket: { data() {} } }).stop(true)
  } catch (error) { process.exit(error.code === "EADDRINUSE" ? 9 : 0) }' "$port") >/dev/null 2>&1 || {
    [ $? -ne 9 ] || die "port $port is taken by another program; nothing was changed" \
      "choose another one with --port, or by SYNAPSE_PORT in $DATA/synapse.env where that file exists"
  }
}

# Nothing of Synapse exists here: a failed first installation removes what it made.
is_first() {
  for path in "$BIN" "$BIN.previous" "$RECORD" "$UNIT"; do [ ! -e "$path" ] || return 1; done
  for directory in "$DATA" "$BACKUPS"; do
    [ ! -d "$directory" ] || [ -z "$(ls -A "$directory")" ] || return 1
  done
}

refuse_foreign() {
  for file in "$BIN" "$BIN.previous"; do
    [ -e "$file" ] || [ -L "$file" ] || continue
    is_ours "$file" || die "$file is not an executable of Synapse; it stays as it is" \
      "move it away, or choose another place with --prefix"
  done
  if [ "$KIND" = systemd ]; then
    if [ -f "$UNIT" ] && ! unit_is_ours; then
      die "$UNIT starts another program, $(unit_program); it stays as it is" \
        "if that is a Synapse with another --prefix, give that one, or uninstall it first" \
        "otherwise rename the unit, or use --service background"
    fi
    case $MODE:$PREFIX/ in
      system:/home/* | system:/root/* | system:/tmp/* | system:/var/tmp/* | system:/run/user/*)
        die "the service cannot see $PREFIX: its unit hides the homes of users and /tmp" "choose another --prefix"
        ;;
    esac
    for directory in /usr/local/lib/systemd/system /usr/lib/systemd/system /lib/systemd/system; do
      [ "$MODE" = user ] || [ ! -f "$directory/$SERVICE" ] ||
        die "$directory/$SERVICE exists already, from a package" "remove that package, or use --service background"
    done
  fi
  may_be_home || die "$DATA holds something else than the data of Synapse; nothing was changed" "move it away"
  if [ "$MODE" = system ]; then refuse_foreign_user; fi
}

refuse_foreign_user() {
  if id "$SERVICE_USER" >/dev/null 2>&1; then
    case $(id -u "$SERVICE_USER") in
      [1-9] | [1-9]? | [1-9]??) ;;
      *) die "the user $SERVICE_USER exists and is a person's account" "rename it" ;;
    esac
  elif grep -q "^$SERVICE_USER:" /etc/group; then
    die "there is a group $SERVICE_USER without a user of that name" "rename it, or create the user"
  fi
  # An empty directory is taken over.
  if [ -d "$DATA" ] && [ -n "$(ls -A "$DATA")" ] && [ "$(owner_of "$DATA")" != "$SERVICE_USER" ]; then
    die "$DATA belongs to $(owner_of "$DATA"), and the service runs as $SERVICE_USER; nothing was changed" \
      "if it is the data of Synapse: chown -R $SERVICE_USER:$SERVICE_USER $DATA, once that user exists"
  fi
}

# --- the parts of an installation --------------------------------------------------------------------------------------

make_user() {
  if [ "$MODE" != system ] || id "$SERVICE_USER" >/dev/null 2>&1; then return; fi
  nologin=/bin/false
  for shell in /usr/sbin/nologin /sbin/nologin; do
    if [ -x "$shell" ]; then nologin=$shell; fi
  done
  note "user $SERVICE_USER"
  if has useradd; then
    run useradd --system --user-group --no-create-home --home-dir "$DATA" --shell "$nologin" \
      --comment 'Synapse server' "$SERVICE_USER"
  else
    run addgroup -S "$SERVICE_USER"
    run adduser -S -D -H -h "$DATA" -s "$nologin" -G "$SERVICE_USER" -g 'Synapse server' "$SERVICE_USER"
  fi
}

make_data() {
  for directory in "$DATA" "$BACKUPS"; do
    make_directory "$directory" 700
    if [ "$MODE" != system ]; then continue; fi
    # An existing directory has the right owner, or is empty: see refuse_foreign_user.
    if [ "$(owner_of "$directory" 2>/dev/null)" != "$SERVICE_USER" ]; then
      run chown "$SERVICE_USER:$SERVICE_USER" "$directory"
      run chmod 700 "$directory"
    fi
  done
}

# Options are in a file of the data home, which the commands read, too. An existing file is never changed.
write_port() {
  if [ -z "$PORT" ]; then return; fi
  file=$DATA/synapse.env
  if [ -e "$file" ] || [ -L "$file" ]; then
    grep -q "^SYNAPSE_PORT=$PORT\$" "$file" || warn "--port $PORT is not taken over: $file exists; edit it instead"
    return
  fi
  if [ -n "$DRY_RUN" ]; then
    say "  write $file: SYNAPSE_PORT=$PORT"
    return
  fi
  # set -C: root must not write through a link that the service user may have made.
  rm -f "$file.new"
  (umask 077 && set -C && printf 'SYNAPSE_PORT=%s\n' "$PORT" >"$file.new")
  if [ "$MODE" = system ]; then chown -h "$SERVICE_USER:$SERVICE_USER" "$file.new"; fi
  mv -f "$file.new" "$file"
}

program_in_unit() {
  if [ "$MODE:$PREFIX" = "user:${HOME-}/.local" ]; then echo %h/.local/bin/synapse; else printf '%s\n' "$BIN"; fi
}

unit() {
  case $MODE in
    system) system_unit ;;
    user) user_unit ;;
  esac
}

system_unit() {
  cat <<END
# Synapse: this unit was written by install.sh. An upgrade replaces it, unless it was edited. Put your changes into a
# drop-in (systemctl edit synapse), and options of the server into $DATA/synapse.env.
[Unit]
Description=Synapse, rooms that people and AI agents share
After=network-online.target
Wants=network-online.target

[Service]
User=$SERVICE_USER
ExecStart=$(program_in_unit) serve --foreground
StateDirectory=synapse synapse-backups
StateDirectoryMode=0700
UMask=0077
Restart=on-failure
RestartSec=5
# Wrong options, another server on the same data, a refused configuration: a restart would not help.
RestartPreventExitStatus=2 5 78
TimeoutStopSec=30
UnsetEnvironment=BUN_BE_BUN BUN_OPTIONS
LimitNOFILE=65536
# No core dumps: the memory contains tokens.
LimitCORE=0

# The server may use only what it needs. MemoryDenyWriteExecute cannot be set, because the JavaScript engine compiles code
# at run time. AF_NETLINK is needed to read the addresses of the machine.
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateMounts=yes
PrivateUsers=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
END
}

# Only restrictions that a user's systemd can set without privileges. The data is in the home, as for a manual start.
user_unit() {
  cat <<END
# Synapse: this unit was written by install.sh. An upgrade replaces it, unless it was edited. Put your changes into a
# drop-in (systemctl --user edit synapse), and options of the server into synapse.env in its data home.
[Unit]
Description=Synapse, rooms that people and AI agents share

[Service]
ExecStart=$(program_in_unit) serve --foreground
UMask=0077
Restart=on-failure
RestartSec=5
# Wrong options, another server on the same data, a refused configuration: a restart would not help.
RestartPreventExitStatus=2 5 78
TimeoutStopSec=30
UnsetEnvironment=BUN_BE_BUN BUN_OPTIONS
LimitNOFILE=65536
# No core dumps: the memory contains tokens.
LimitCORE=0

# MemoryDenyWriteExecute cannot be set, because the JavaScript engine compiles code at run time.
NoNewPrivileges=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=default.target
END
}

checksum() { cksum | tr ' ' '-'; }

unit_is_edited() { [ -f "$UNIT" ] && ! recorded "unit $(checksum <"$UNIT")"; }

write_unit() {
  if [ -f "$UNIT" ] && unit | cmp -s - "$UNIT"; then
    # The last run was interrupted before it recorded the unit.
    recorded "unit $(checksum <"$UNIT")" || note "unit $(checksum <"$UNIT")"
    return
  fi
  if unit_is_edited; then
    warn "$UNIT was edited and stays as it is; drop-ins survive upgrades (systemctl edit synapse)"
    return
  fi
  make_directory "$UNITS"
  if [ -n "$DRY_RUN" ]; then
    say "  write $UNIT:"
    unit | sed 's/^./    | &/; s/^$/    |/'
  else
    unit >"$UNIT.new"
    chmod 644 "$UNIT.new"
    mv -f "$UNIT.new" "$UNIT"
    forget 'unit '
    note "unit $(checksum <"$UNIT")"
    UNIT_CHANGED=yes
  fi
}

reload_units() {
  # On a disk that is prepared for another machine there is no systemd to reload.
  if [ -n "$RUNNING_SYSTEMD$DRY_RUN" ]; then service_control daemon-reload; fi
}

# --- the server --------------------------------------------------------------------------------------------------------

# The server's own status, without spaces and line ends; empty when none runs.
server_state() { "$BIN" serve --status --json --home "$DATA" 2>/dev/null | tr -d ' \n' || :; }

# The first address in the output of server_state.
url_in() { printf %s "$1" | sed 's/.*"urls":\["\([^"]*\)".*/\1/'; }

server_runs() { [ -x "$BIN" ] && case $(server_state) in *'"running":true'*) true ;; *) false ;; esac; }

# The process that has the lock of the data open; empty if there is none. The number in the pid file proves nothing: by
# now it may belong to another program, or to a container.
lock_holder() {
  [ -e "$DATA/run/lock.db" ] || return 0
  lock=$(cd "$DATA/run" && pwd -P)/lock.db
  if [ -d /proc/self/fd ]; then
    # shellcheck disable=SC2012 # these names are numbers
    ls -ln /proc/[0-9]*/fd 2>/dev/null | awk -v "end=-> $lock" '
      /^\/proc\// { split($0, part, "/") }
      substr($0, length($0) - length(end) + 1) == end { print part[3]; exit }'
  elif has lsof; then
    lsof -t "$lock" 2>/dev/null | sed -n 1p
  fi
}

# Only checks when the right server already runs.
start_server() {
  if server_runs && { [ "$KIND" = background ] || [ -n "$UNIT_CHANGED" ] || ! unit_is active; }; then
    if [ "$KIND" = background ]; then return; fi
    stop_server
  fi
  say "starting"
  if [ "$KIND" = systemd ]; then
    service_control enable --now "$SERVICE" || unit_failed
  elif [ -n "$DRY_RUN" ]; then
    step "$BIN" serve --daemon --home "$DATA"
  else
    # When root starts the program on the home of the service user, it changes to that user. systemd would set the
    # directory of backups in this way.
    output=$(cd / && in_background "$BIN" serve --daemon --home "$DATA" 2>&1) ||
      die "the server did not start:" "$output" "$(way_back)"
  fi
}

# The commands to type after a failed upgrade.
way_back() {
  if [ ! -f "$BIN.previous" ]; then return; fi
  printf '%s\n' "to go back, if this version has not migrated the data: mv -f $BIN.previous $BIN"
}

in_background() {
  if [ "$MODE" = user ]; then
    "$@"
  else
    HOME=$DATA STATE_DIRECTORY=$DATA:$BACKUPS "$@"
  fi
}

unit_is() {
  if [ "$MODE" = system ]; then systemctl -q "is-$1" "$SERVICE"; else systemctl -q --user "is-$1" "$SERVICE"; fi
} >/dev/null 2>&1

unit_failed() {
  warn "the service does not start:"
  if [ "$MODE" = system ]; then journalctl -n 20 --no-pager -u synapse >&2 || :; else
    journalctl -n 20 --no-pager --user-unit synapse >&2 || :
  fi
  way_back >&2
  exit 1
}

stop_server() {
  say "stopping"
  if unit_is_ours && [ -n "$RUNNING_SYSTEMD$DRY_RUN" ]; then service_control stop "$SERVICE"; fi
  if server_runs; then run "$BIN" serve --stop --home "$DATA"; fi
}

# Waits until the server is ready, and sets URL.
await_ready() {
  if [ -n "$DRY_RUN" ]; then
    step "$BIN" serve --status --json --home "$DATA"
    say "  get <url>/readyz and <url>/healthz"
    return
  fi
  waited=0 limit=$READY_WITHIN URL=
  while :; do
    state=$(server_state)
    case $state in
      *'"phase":"migrating"'*) limit=$MIGRATED_WITHIN ;;
      *'"answering":true'*'"phase":"ready"'*)
        URL=$(url_in "$state")
        if answers "$URL/readyz" && answers "$URL/healthz"; then return; fi
        ;;
      # An administrator drains the server, so readyz answers 503 until the drain ends.
      *'"answering":true'*'"phase":"draining"'*)
        URL=$(url_in "$state")
        if answers "$URL/healthz"; then
          say "the server is still draining, as before; to end it: $BIN drain stop --home $DATA"
          return
        fi
        ;;
    esac
    if [ "$KIND" = systemd ] && unit_is failed; then break; fi
    [ "$waited" -lt "$limit" ] || break
    sleep 1
    waited=$((waited + 1))
  done
  if [ "$KIND" = systemd ]; then unit_failed; fi
  die "the server is not ready after $limit s" "its log: $DATA/logs/synapse.log" "$(way_back)"
}

# evaluate CODE WORD: runs a line of JavaScript with the executable itself, so that neither curl nor wget is needed.
evaluate() (
  cd /
  BUN_BE_BUN=1 http_proxy='' https_proxy='' HTTP_PROXY='' HTTPS_PROXY='' "$BIN" -e "$1" "$2" 2>/dev/null
)

answers() {
  evaluate 'const options = { signal: AbortSignal.timeout(5000), tls: { rejectUnauthorized: false } }
    process.exit((await fetch(process.argv.at(-1), options)).ok ? 0 : 1)' "$1"
}

# The number of the last event in the log of the running server; empty if it cannot be read.
last_event() {
  if [ -n "$DRY_RUN" ] || [ ! -S "$DATA/run/synapse.sock" ]; then return; fi
  evaluate 'const options = { signal: AbortSignal.timeout(5000), unix: process.argv.at(-1) }
    const { last_seq } = await (await fetch("http://localhost/v1/health", options)).json()
    console.log(Number.isInteger(last_seq) ? last_seq : "")' "$DATA/run/synapse.sock" || :
}

# --- install and upgrade -----------------------------------------------------------------------------------------------

install() {
  find_source
  choose_service
  refuse_foreign
  refuse_unreachable
  had_data=
  if [ -e "$DATA/synapse.db" ]; then had_data=yes; fi

  first=
  if [ -z "$DRY_RUN" ] && is_first; then first=yes; fi
  stage
  refuse_taken_port
  FIRST=$first
  swap=yes events_before=
  if [ -f "$BIN" ] && [ -n "$STAGED" ] && cmp -s "$STAGED" "$BIN"; then swap=; fi
  if [ -f "$BIN" ] && [ -n "$swap" ]; then
    say "upgrading $("$BIN" --version 2>/dev/null || echo "$BIN")"
    back_up
    events_before=$(last_event)
    stop_server
  fi
  begin_record
  make_user
  make_data
  write_port
  if [ -n "$swap" ]; then
    say "installing $BIN${NEW_VERSION:+: $NEW_VERSION}"
    if [ -f "$BIN" ]; then run mv -f "$BIN" "$BIN.previous"; fi
    run mv -f "$staged" "$BIN"
    STAGED=
  else
    say "$BIN is $NEW_VERSION already"
  fi
  if [ "$KIND" = systemd ]; then
    write_unit
    reload_units
  fi
  if [ -z "$NO_START" ]; then
    start_server
    await_ready
    if [ -n "$URL" ]; then say "$URL/healthz answers"; fi
    events=$(last_event)
    if [ "${events:-0}" -lt "${events_before:-0}" ]; then
      die "the log ended at event $events_before before the upgrade and ends at $events now" \
        "stop it, and look at the data before anything else is written"
    fi
  elif [ "$KIND" = systemd ]; then
    service_control enable "$SERVICE"
  fi
  FIRST=
  if [ -z "$DRY_RUN" ]; then what_next; fi
}

# Undoes a failed first installation, so that the next one finds the same machine.
take_back() {
  FIRST='' PURGE=yes
  set +e
  if [ -s "$DATA/logs/synapse.log" ]; then
    warn "the end of its log:"
    tail -n 20 "$DATA/logs/synapse.log" >&2
  fi
  warn "taking back what was made"
  {
    remove_unit
    if server_runs; then stop_server; fi
    for file in "$BIN" "$BIN.previous"; do if is_ours "$file"; then rm -f "$file"; fi; done
    for directory in "$DATA" "$BACKUPS"; do
      # An existing folder, such as the mount point of a disk, stays.
      if ! recorded "dir $directory" && [ -d "$directory" ]; then
        find "$directory" -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf {} +
      fi
    done
    if [ -f "$RECORD" ]; then
      remove_recorded_data
      close_record
    fi
  } >/dev/null
}

# The record exists before the first change that it lists. A copy of this script is next to it.
begin_record() {
  make_directory "$LIB"
  if [ -n "$DRY_RUN" ]; then
    step cp "$HERE/install.sh" "$LIB/install.sh"
    return
  fi
  if [ ! -f "$RECORD" ]; then
    printf %s "$NOTED" >"$RECORD"
  elif [ -n "$NOTED" ]; then
    printf %s "$NOTED" >>"$RECORD"
  fi
  NOTED=
  cp "$HERE/install.sh" "$LIB/install.sh.new"
  mv -f "$LIB/install.sh.new" "$LIB/install.sh"
}

# Uses the installed program, which knows its database. Versions without the command have no database that can be lost.
back_up() {
  if [ ! -e "$DATA/synapse.db" ] || ! "$BIN" backup --help >/dev/null 2>&1; then return; fi
  say "backing up"
  if [ -n "$DRY_RUN" ]; then
    step "$BIN" backup create --home "$DATA" --label before-upgrade
    return
  fi
  in_background "$BIN" backup create --home "$DATA" --label before-upgrade ||
    die "the backup failed, and nothing was changed" "the old version runs on"
}

what_next() {
  name=$BIN
  if [ "$(command -v synapse 2>/dev/null)" = "$BIN" ]; then name=synapse; fi
  sudo=
  if [ "$MODE" = system ] && [ -n "${SUDO_USER-}" ]; then sudo='sudo '; fi
  say ''
  say "  data      $DATA"
  say "  backups   $BACKUPS"
  if [ "$KIND" = systemd ]; then
    if [ "$MODE" = system ]; then control=systemctl log='journalctl -u synapse'; else
      control='systemctl --user' log='journalctl --user-unit synapse'
    fi
    say "  log       $sudo$log"
    say "  stop      $sudo$control stop synapse"
    say "  start     $sudo$control start synapse"
  else
    say "  log       $DATA/logs/synapse.log"
    say "  stop      $sudo$name serve --stop --home $DATA"
    say "  start     $sudo$name serve --daemon --home $DATA"
  fi
  say "  remove    $sudo$LIB/install.sh --uninstall"
  if [ -f "$BIN.previous" ]; then say "  previous  $BIN.previous"; fi
  say ''
  if [ "$KIND" = background ]; then
    say "Nothing starts it again at boot: let the machine run the start line then."
  elif [ "$MODE" = user ] && [ ! -e "/var/lib/systemd/linger/$(id -un)" ]; then
    say "It runs while you are logged in. To let it run always: sudo loginctl enable-linger $(id -un)"
  fi
  case $name in
    /*) [ "$MODE" = system ] || say "$PREFIX/bin is not on your PATH; add it to say synapse instead of the whole path." ;;
  esac
  if [ -n "$NO_START" ]; then next="the start line above, then $sudo$name quickstart"
  elif [ -n "$had_data" ]; then next="$sudo$name serve --status --home $DATA"
  else next="$sudo$name quickstart"
  fi
  say "Next: $next"
}

# --- uninstall ---------------------------------------------------------------------------------------------------------

uninstall() {
  choose_service
  found=
  for file in "$BIN" "$BIN.previous" "$RECORD"; do if [ -e "$file" ]; then found=yes; fi; done
  if [ -n "$PURGE" ]; then
    for directory in "$DATA" "$BACKUPS"; do if [ -e "$directory" ]; then found=yes; fi; done
  fi
  if [ -z "$found" ] && ! unit_is_ours; then
    say "there is no Synapse at $BIN"
    if [ -f "$UNIT" ] && grep -q '^# Synapse: ' "$UNIT"; then
      say "there is one at $(unit_program): add its --prefix"
    fi
    return
  fi
  [ ! -e "$BIN" ] || is_ours "$BIN" || die "$BIN is not an executable of Synapse; nothing was changed"
  if [ ! -e "$BIN" ]; then
    pid=$(lock_holder)
    [ -z "$pid" ] ||
      die "the executable is gone, but a server runs as process $pid; nothing was changed" "stop it: kill $pid"
  fi
  if [ -n "$PURGE" ]; then
    may_be_home || die "$DATA holds something else than the data of Synapse; nothing was changed"
    confirm
  fi

  remove_unit
  if server_runs; then stop_server; fi
  say "removing the program"
  for file in "$BIN" "$BIN.previous"; do if is_ours "$file"; then run rm -f "$file"; fi; done
  if [ -n "$PURGE" ]; then remove_data; fi
  close_record
  if [ -z "$PURGE" ]; then
    say "data and backups stay:"
    for directory in "$DATA" "$BACKUPS"; do if [ -d "$directory" ]; then say "  $directory"; fi; done
  fi
  if [ -d "$UNIT.d" ]; then say "your drop-ins stay: $UNIT.d"; fi
}

confirm() {
  if [ -n "$YES" ] || [ -n "$DRY_RUN" ]; then return; fi
  [ -t 0 ] || usage_error "--purge asks before it deletes, and there is no terminal to ask at: add --yes"
  say "This deletes all data and all backups of this machine's Synapse, for good:"
  say "  $DATA"
  say "  $BACKUPS"
  printf 'Type yes to go on: '
  read -r answer || answer=
  [ "$answer" = yes ] || die "nothing was changed"
}

remove_unit() {
  if ! unit_is_ours; then return; fi
  say "stopping the service"
  if [ -n "$RUNNING_SYSTEMD$DRY_RUN" ]; then
    service_control disable --now "$SERVICE"
  elif has systemctl; then
    service_control disable "$SERVICE"
  fi
  if unit_is_edited && [ -z "$PURGE" ] && [ -d "$LIB" ]; then
    run mv -f "$UNIT" "$LIB/$SERVICE.edited"
    say "your edited unit stays: $LIB/$SERVICE.edited"
  else
    run rm -f "$UNIT"
  fi
  reload_units
  if [ -n "$RUNNING_SYSTEMD" ]; then service_control reset-failed "$SERVICE" 2>/dev/null || :; fi
}

# Only for a first installation, whose data has not been used yet.
remove_recorded_data() {
  for directory in "$DATA" "$BACKUPS"; do
    if recorded "dir $directory" && [ ! -L "$directory" ]; then rm -rf "$directory"; fi
  done
  remove_user
}

remove_data() {
  say "deleting data and backups"
  for directory in "$DATA" "$BACKUPS"; do
    if [ -L "$directory" ]; then
      warn "$directory is a link; its target was not deleted"
    elif [ -d "$directory" ]; then
      run rm -rf "$directory" || warn "$directory could not be removed completely"
    fi
  done
  remove_user
}

remove_user() {
  if [ "$MODE" != system ] || ! id "$SERVICE_USER" >/dev/null 2>&1; then return; fi
  if ! recorded "user $SERVICE_USER"; then
    say "the user $SERVICE_USER was there before and stays"
  elif has userdel; then
    run userdel "$SERVICE_USER"
    # Where users do not have their own group by default, userdel leaves the group.
    if [ -z "$DRY_RUN" ] && grep -q "^$SERVICE_USER:" /etc/group; then groupdel "$SERVICE_USER"; fi
  else
    run deluser "$SERVICE_USER"
    if [ -z "$DRY_RUN" ] && grep -q "^$SERVICE_USER:" /etc/group; then delgroup "$SERVICE_USER"; fi
  fi
}

# Removes the directories that were made here and are empty. The record stays as long as the data: a later --purge needs it.
close_record() {
  if [ ! -f "$RECORD" ]; then return; fi
  forget 'unit '
  lines=$(cat "$RECORD")
  if [ -z "$PURGE" ] && { [ -e "$DATA" ] || [ -e "$BACKUPS" ]; }; then
    printf '%s\n' "$lines" | grep -v -x -e "dir $DATA" -e "dir $BACKUPS" -e "dir $LIB" | remove_directories
    say "$LIB stays, for a later --purge"
    return
  fi
  run rm -f "$RECORD" "$LIB/install.sh" "$LIB/$SERVICE.edited"
  # This directory was made before the record existed.
  [ -n "$DRY_RUN" ] || rmdir "$LIB" 2>/dev/null || :
  printf '%s\n' "$lines" | remove_directories
}

# -------------------------------------------------------------------------------------------------------------------------

clean_up() {
  status=$?
  if [ -n "$STAGED" ]; then rm -f "$STAGED"; fi
  if [ "$status" -ne 0 ] && [ -n "$FIRST" ]; then take_back; fi
  remove_workshop
  # Directories that were made before the record could be written.
  if [ -n "$NOTED" ]; then printf %s "$NOTED" | remove_directories; fi
  exit "$status"
}

# The server's options belong into synapse.env: variables of this shell would be missing at the next start.
drop_environment() {
  [ -z "${SYNAPSE_HOME-}" ] || die "SYNAPSE_HOME is set to $SYNAPSE_HOME, and install.sh uses only $DATA" \
    "unset it, for this script and for later commands; to keep the data elsewhere, mount that place there"
  names=$(env | sed -n 's/^\(SYNAPSE_[A-Za-z0-9_]*\)=.*/\1/p')
  for name in $names; do
    [ "$ACTION" = uninstall ] || warn "$name of this shell is not taken over; write it to $DATA/synapse.env"
    unset "$name"
  done
  # With these variables the executable would act as Bun.
  unset BUN_BE_BUN BUN_OPTIONS
}

main() {
  ACTION=install PREFIX='' PORT='' KIND='' NO_START='' DRY_RUN='' PURGE='' YES=''
  FIRST='' STAGED='' WORKSHOP='' NOTED='' PLANNED='' UNIT_CHANGED='' NEW_VERSION='' URL=''
  HERE=$(cd "$(dirname "$0")" && pwd -P)
  while [ $# -gt 0 ]; do
    case $1 in
      --prefix=* | --port=* | --service=*)
        option=${1%%=*} value=${1#*=}
        shift
        set -- "$option" "$value" "$@"
        continue
        ;;
      --prefix | --port | --service)
        case ${2-} in '' | / | -*) usage_error "$1 needs a value" ;; esac
        case $1 in
          --prefix) PREFIX=${2%/} ;;
          --port) PORT=$2 ;;
          --service) KIND=$2 ;;
        esac
        shift
        ;;
      --no-start) NO_START=yes ;;
      --dry-run) DRY_RUN=yes ;;
      --uninstall) ACTION=uninstall ;;
      --purge) PURGE=yes ;;
      --yes) YES=yes ;;
      # `build` calls this script in this way, as the owner of the checkout.
      --build) build_as_myself "${2-}" && exit 0 || exit 1 ;;
      -h | --help) usage && exit 0 ;;
      *) usage_error "there is no option $1" ;;
    esac
    shift
  done
  case $KIND in '' | systemd | background) ;; *) usage_error "--service is systemd or background" ;; esac
  case $PORT in *[!0-9]* | ??????*) usage_error "--port is a number from 0 to 65535" ;; esac
  [ "${PORT:-0}" -le 65535 ] || usage_error "--port is a number from 0 to 65535"
  [ -z "$PURGE" ] || [ "$ACTION" = uninstall ] || usage_error "--purge goes with --uninstall"
  [ -z "$YES" ] || [ -n "$PURGE" ] || usage_error "--yes goes with --purge"
  [ "$ACTION" = install ] || [ -z "$PORT$NO_START" ] || usage_error "--port and --no-start do not go with --uninstall"

  # The installed copy of this script knows its prefix.
  if [ -z "$PREFIX" ] && [ -f "$HERE/record" ]; then PREFIX=$(dirname "$(dirname "$HERE")"); fi
  layout
  refuse_unsafe_prefix
  drop_environment
  # The modes of new files must not depend on the caller's umask.
  umask 022
  trap clean_up EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 141' PIPE
  trap 'exit 143' TERM
  if [ -n "$DRY_RUN" ]; then say "dry run: nothing is changed"; fi
  "$ACTION"
}

main "$@"
