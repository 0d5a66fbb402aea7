#!/bin/sh
# Installs obs-agent from this checkout, or upgrades it; run as root. What is as it should be is left alone.
#
#   systemd/install.sh [--start] [--root DIR]
#
#   --start      start the service (it is enabled either way, when it is new)
#   --root DIR   install into the file tree at DIR and leave this host alone; DESTDIR=DIR means the same
set -eu
umask 022

name=obs-agent
checkout=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
root=${DESTDIR:-}
start=no

fail() {
  echo "$name: $1" >&2
  exit "${2:-1}"
}

usage='usage: install.sh [--start] [--root DIR]'
while [ $# -gt 0 ]; do
  case $1 in
  --start) start=yes ;;
  --root) [ $# -gt 1 ] || fail "$usage" 2; root=$2; shift ;;
  -h | --help) echo "$usage"; exit 0 ;;
  *) fail "$usage, got $1" 2 ;;
  esac
  shift
done
case $root in
'' | /*) root=${root%/} ;;
*) root=$PWD/${root%/} ;;
esac
[ "$(id -u)" = 0 ] || [ -n "$root" ] || fail 'Cannot install: needs root, got another user; run it with sudo' 77
[ "$start" = no ] || [ -z "$root" ] || fail 'Cannot start: --start is for this host, not for a tree under --root' 2

app=$root/opt/$name
config=$root/etc/$name
state=$root/var/lib/$name
unit=$root/etc/systemd/system/$name.service
changes=0
needs_restart=no

did() {
  changes=$((changes + 1))
  echo "$1"
}

# --- What is installed: a build of the sources as they are now, and the packages of the lock file ---

build() {
  cd "$checkout"
  if [ ! -f node_modules/.package-lock.json ] || [ -n "$(find package-lock.json -newer node_modules/.package-lock.json)" ]; then
    did 'installing packages (npm ci)'
    npm ci
    touch node_modules/.package-lock.json
  fi
  if [ ! -f dist/main.js ] || { [ -d src ] && [ -n "$(find src -name '*.ts' -newer dist/main.js | head -n 1)" ]; }; then
    did 'building (npm run build)'
    npm run --silent build
  fi
  node=$(readlink -f node_modules/.bin/node) || node=
  case $node in
  */node_modules/node-linux-*/bin/node) ;;
  *) fail "Cannot install: the agent's own Node is not in $checkout/node_modules, got '$node'; run npm ci --include=optional" ;;
  esac
}

# The top-level packages that run the agent, one a line: what npm installed less what only developing needs.
production_packages() {
  "$node" -e '
    const { packages } = JSON.parse(require("fs").readFileSync("node_modules/.package-lock.json", "utf8"))
    for (const [path, { dev, devOptional }] of Object.entries(packages))
      if (!dev && !devOptional && path.lastIndexOf("node_modules/") === 0) console.log(path)'
}

stage_app() {
  new=$app.new
  rm -rf "$new"
  mkdir -p "$new/bin" "$new/node_modules"
  cp -R dist package.json package-lock.json README.md LICENSE "$new/"
  packages=$(production_packages)
  for package in $packages; do
    mkdir -p "$new/$(dirname "$package")"
    cp -R "$package" "$new/$package"
  done
  rm -rf "$new"/node_modules/node-linux-*/include "$new"/node_modules/node-linux-*/share
  ln -s "../node_modules/${node##*/node_modules/}" "$new/bin/node"
  cat >"$new/bin/$name" <<END
#!/bin/sh
exec /opt/$name/bin/node /opt/$name/dist/main.js "\$@"
END
  chmod 755 "$new/bin/$name"
  chmod -R u=rwX,go=rX "$new"
}

# Builds the new application beside the old one and swaps them; a run that is cut short puts the old one back.
install_app() {
  trap 'rm -rf "$app.new"; [ -d "$app" ] || [ ! -d "$app.old" ] || mv "$app.old" "$app"' EXIT
  trap 'exit 1' HUP INT TERM
  stage_app
  if [ -d "$app" ] && diff -rq --no-dereference "$new" "$app" >/dev/null; then return; fi
  # The running agent keeps seeing the old folder (its sandbox mounts it), which therefore goes only after the restart.
  rm -rf "$app.old"
  [ ! -d "$app" ] || mv "$app" "$app.old"
  mv "$new" "$app"
  did "application: $app"
  needs_restart=yes
}

# --- Where it is installed ---

# install_file SOURCE TARGET MODE: false when it is there already.
install_file() {
  if cmp -s "$1" "$2"; then return 1; fi
  install -D -m "$3" "$1" "$2" || fail "Cannot write $2" # set -e does not reach into a condition.
  did "file: $2"
}

install_folder() {
  [ -d "$1" ] && return
  install -d -m "$2" "$1"
  did "folder: $1"
}

in_root() {
  tool=$1
  shift
  if [ -n "$root" ]; then "$tool" --prefix "$root" "$@"; else "$tool" "$@"; fi
}

# The user's ids, or nothing while there is none; numeric, because names under --root mean nothing on this host.
owner() {
  [ -f "$root/etc/passwd" ] || return 0
  sed -n "s/^$name:[^:]*:\([0-9]*\):\([0-9]*\):.*/\1:\2/p" "$root/etc/passwd"
}

install_user() {
  if [ ! -f "$root/etc/passwd" ] || [ "$(id -u)" != 0 ]; then
    echo "user: not created (no $root/etc/passwd, or not root); files belong to $(id -un)"
    return
  fi
  if [ -z "$(owner)" ]; then
    in_root useradd --system --user-group --home-dir "/var/lib/$name" --no-create-home --shell /usr/sbin/nologin "$name"
    did "user: $name"
  fi
  for group in adm systemd-journal; do
    if grep "^$group:" "$root/etc/group" | grep -qv "[:,]$name\(,\|\$\)"; then
      in_root usermod --append --groups "$group" "$name"
      did "user: $name joins $group"
    fi
  done
}

# own PATH OWNER[:GROUP]: nothing to do while there is no user.
own() {
  if [ -n "$(owner)" ] && [ "$(id -u)" = 0 ]; then chown "$2" "$1"; fi
}

install_config() {
  install_folder "$config" 755
  install_folder "$config/conf.d" 755
  if [ ! -d "$state" ]; then
    install_folder "$state" 700
    own "$state" "$(owner)"
  fi
  # In a checkout the state lies beside it; a service has its own place, whoever runs `obs-agent check`.
  shipped=$(mktemp)
  sed 's#-\.\./data}#-/var/lib/obs-agent}#; /^# Where the agent keeps its state/s/ The service.*//' config/agent.yaml >"$shipped"
  # Readable for the agent and for nobody else: it may hold a token.
  if [ ! -e "$config/agent.yaml" ]; then
    install_file "$shipped" "$config/agent.yaml" 640
    own "$config/agent.yaml" "0:$(owner | cut -d: -f2)"
  elif cmp -s "$shipped" "$config/agent.yaml"; then
    rm -f "$config/agent.yaml.new"
  elif install_file "$shipped" "$config/agent.yaml.new" 640; then
    echo "  your $config/agent.yaml is kept; compare it with agent.yaml.new"
  fi
  rm -f "$shipped"
}

install_command() {
  link=$root/usr/local/bin/$name
  [ "$(readlink "$link" || true)" = "/opt/$name/bin/$name" ] && return
  mkdir -p "$(dirname "$link")"
  ln -sfn "/opt/$name/bin/$name" "$link"
  did "command: $link"
}

systemd_runs() {
  [ -z "$root" ] && [ -d /run/systemd/system ]
}

install_unit() {
  is_new=no
  [ -e "$unit" ] || is_new=yes
  if install_file systemd/$name.service "$unit" 644; then
    needs_restart=yes
    if systemd_runs; then systemctl daemon-reload; fi
  fi
  # Only when it is new: an operator who disabled it meant it.
  if [ $is_new = yes ]; then
    systemctl ${root:+--root="$root"} --quiet enable "$name.service"
    did "service: enabled, starts with the host"
  fi
}

run_unit() {
  systemd_runs || return 0
  if [ $needs_restart = yes ] && systemctl --quiet is-active "$name"; then
    systemctl restart "$name" || fail "Cannot restart with the new version: see journalctl -u $name; the old one is in $app.old"
    did 'service: restarted'
  elif [ $start = yes ] && ! systemctl --quiet is-active "$name"; then
    systemctl start "$name" || fail "Cannot start: see journalctl -u $name"
    did 'service: started'
  fi
}

build
install_user
install_config
install_app
install_command
install_unit
run_unit
rm -rf "$app.old"

version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)
if [ $changes = 0 ]; then
  echo "$name $version is installed already: nothing changed"
else
  echo "$name $version is installed"
fi
if systemd_runs && systemctl --quiet is-active "$name"; then
  echo "next: systemctl status $name; curl http://127.0.0.1:9610/health"
else
  echo "next: edit /etc/$name/agent.yaml, then: obs-agent check -c /etc/$name/agent.yaml && systemctl start $name"
fi
