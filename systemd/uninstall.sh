#!/bin/sh
# Removes obs-agent from this host; run as root. The configuration and what the agent stored stay.
#
#   systemd/uninstall.sh [--purge] [--root DIR]
#
#   --purge      remove the configuration, everything the agent stored, and its user too
#   --root DIR   remove it from the file tree at DIR and leave this host alone; DESTDIR=DIR means the same
set -eu

name=obs-agent
root=${DESTDIR:-}
purge=no

fail() {
  echo "$name: $1" >&2
  exit "${2:-1}"
}

usage='usage: uninstall.sh [--purge] [--root DIR]'
while [ $# -gt 0 ]; do
  case $1 in
  --purge) purge=yes ;;
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
[ "$(id -u)" = 0 ] || [ -n "$root" ] || fail 'Cannot remove: needs root, got another user; run it with sudo' 77

changes=0
remove() {
  for path in "$@"; do
    if [ -e "$path" ] || [ -L "$path" ]; then
      rm -rf "$path"
      changes=$((changes + 1))
      echo "removed: $path"
    fi
  done
}

systemd_runs() {
  [ -z "$root" ] && [ -d /run/systemd/system ]
}

in_root() {
  tool=$1
  shift
  if [ -n "$root" ]; then "$tool" --prefix "$root" "$@"; else "$tool" "$@"; fi
}

unit=$root/etc/systemd/system/$name.service
if [ -e "$unit" ]; then
  if systemd_runs; then systemctl stop "$name.service"; fi
  systemctl ${root:+--root="$root"} --quiet disable "$name.service"
fi
remove "$unit" "$root/opt/$name" "$root/opt/$name.new" "$root/opt/$name.old"
if [ "$(readlink "$root/usr/local/bin/$name" || true)" = "/opt/$name/bin/$name" ]; then remove "$root/usr/local/bin/$name"; fi

if [ $purge = yes ]; then
  remove "$unit.d" "$root/etc/$name" "$root/etc/default/$name" "$root/var/lib/$name"
  if [ "$(id -u)" = 0 ] && grep -qs "^$name:" "$root/etc/passwd"; then
    in_root userdel "$name"
    if grep -qs "^$name:" "$root/etc/group"; then in_root groupdel "$name"; fi
    changes=$((changes + 1))
    echo "removed: user $name"
  fi
fi
if systemd_runs; then
  systemctl daemon-reload
  systemctl reset-failed "$name.service" 2>/dev/null || true # Not known any more is as good.
fi

[ $changes != 0 ] || echo 'nothing to remove'
if [ $purge = no ] && { [ -e "$root/etc/$name" ] || [ -e "$root/var/lib/$name" ]; }; then
  echo "kept: $root/etc/$name, $root/var/lib/$name (--purge removes them)"
fi
