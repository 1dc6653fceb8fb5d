#!/bin/sh
# Installs voms-proxy @VERSION@ below ~/.local, without root: curl -fsSL ADDRESS/install.sh | sh
#
# VOMS_PROXY_INSTALL_URL   where the files of the release are, instead of GitHub
# VOMS_PROXY_INSTALL_DIR   where to install, instead of ~/.local
#
# The program, its pages and completions go to lib/voms-proxy there, and links to them where shells and man look. What other
# programs have put there stays. To remove it: delete lib/voms-proxy and the links to it.
set -eu
umask 022

version=@VERSION@
base=${VOMS_PROXY_INSTALL_URL:-https://github.com/voms-proxy/voms-proxy/releases/download/v$version}

fail() {
  echo "voms-proxy was not installed: $*" >&2
  exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# Sets target. With glibc, Kerberos can be used, so the static program is for all others.
choose() {
  [ "$(uname -s)" = Linux ] || fail "there is no build for $(uname -s); try: pip install voms-proxy"
  case $(uname -m) in
    x86_64 | amd64) target=x86_64-unknown-linux-musl ;;
    *) fail "there is no build for $(uname -m); with Rust: cargo install voms-proxy" ;;
  esac
  glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null) || return 0
  case $glibc in
    'glibc 2.'?*) [ "${glibc#glibc 2.}" -lt 17 ] 2>/dev/null || target=x86_64-unknown-linux-gnu ;;
  esac
}

fetch() { # FILE
  if has curl; then
    said=$(curl -fsSL --retry 2 -o "$work/$1" "$base/$1" 2>&1)
  elif has wget; then
    said=$(wget -nv -O "$work/$1" "$base/$1" 2>&1)
  else
    fail "it needs curl or wget"
  fi || fail "cannot fetch $base/$1: $(echo "$said" | tail -n 1)"
}

digest() {
  if has sha256sum; then
    sha256sum <"$1"
  else
    shasum -a 256 <"$1"
  fi | cut -d' ' -f1
}

check() { # FILE
  wanted=$(sed -n "s/^\([0-9a-f]\{64\}\) [ *]$1\$/\1/p" "$work/SHA256SUMS")
  [ -n "$wanted" ] || fail "$base/SHA256SUMS does not name $1"
  found=$(digest "$work/$1")
  [ "$found" = "$wanted" ] || fail "$base/$1 is damaged: its SHA-256 is $found, not $wanted"
}

# make_directory PATH: with its parents, which are removed again where the installation fails
make_directory() {
  [ ! -d "$1" ] || return 0
  make_directory "$(dirname "$1")"
  said=$(mkdir "$1" 2>&1) || fail "$said"
  made="$1
$made"
}

# The links, as lines: place below the prefix, and its target
links() {
  (cd "$1" && find bin share/man share/bash-completion share/fish share/zsh ! -type d) | while read -r path; do
    up=$(echo "${path%/*}/" | sed 's|[^/]*/|../|g')
    echo "$path ${up}lib/voms-proxy/$path"
  done
}

# Whether a link may be put there. A program by our very name is an older one of ours.
is_free() { # PATH NAME
  [ "$2" = bin/voms-proxy ] && [ ! -d "$1" ] && return 0
  case $(readlink "$1" 2>/dev/null) in
    */lib/voms-proxy/*) return 0 ;;
  esac
  [ ! -e "$1" ] && [ ! -L "$1" ]
}

place_links() {
  links "$home" >"$work/links"
  while read -r path to; do
    if is_free "$prefix/$path" "$path"; then
      make_directory "$prefix/${path%/*}"
      said=$(ln -s "$to" "$prefix/$path.$$" 2>&1 && mv -f "$prefix/$path.$$" "$prefix/$path" 2>&1) || {
        rm -f "$prefix/$path.$$"
        fail "$said"
      }
    else
      kept="$kept ${path##*/}"
    fi
  done <"$work/links"
}

unpack() { # FILE
  make_directory "$prefix/lib"
  mkdir "$new" 2>/dev/null || fail "cannot write to $prefix/lib"
  said=$(tar -xJf "$work/$1" -C "$new" --strip-components=1 2>&1) || fail "$(echo "$said" | head -n 1)"
  said=$("$new/bin/voms-proxy" --version 2>&1) || fail "the program does not start here: $(echo "$said" | head -n 1)"
  [ ! -d "$home" ] || mv "$home" "$old" 2>/dev/null || fail "cannot replace $home"
  moved=1
  mv "$new" "$home" || fail "cannot write to $prefix/lib"
}

# Nothing half installed: what was there comes back.
clean_up() {
  status=$?
  set +e
  trap - EXIT
  if [ "$status" != 0 ]; then
    rm -rf "$new" 2>/dev/null
    if [ -n "$moved" ]; then
      rm -rf "$home"
      [ ! -d "$old" ] || mv "$old" "$home"
      [ ! -f "$work/links" ] || while read -r path to; do
        [ -e "$prefix/$path" ] || [ "$(readlink "$prefix/$path")" != "$to" ] || rm -f "$prefix/$path"
      done <"$work/links"
    fi
    echo "$made" | while read -r path; do
      [ -z "$path" ] || rmdir "$path" 2>/dev/null
    done
  fi
  rm -rf "$work"
  exit "$status"
}

main() {
  [ -n "${version##@*}" ] || fail "take the install.sh of a release"
  prefix=${VOMS_PROXY_INSTALL_DIR:-${HOME:?HOME is not set}/.local}
  home=$prefix/lib/voms-proxy
  new=$home.new.$$ old=$home.old.$$ moved='' made='' kept=''
  choose
  file=voms-proxy-$version-$target.tar.xz
  for tool in tar xz; do
    has "$tool" || fail "it needs $tool"
  done
  work=$(mktemp -d) || fail "there is no place for temporary files"
  trap clean_up EXIT
  trap 'exit 1' HUP INT TERM
  fetch SHA256SUMS
  fetch "$file"
  check "$file"
  unpack "$file"
  place_links
  rm -rf "$old"
  echo "voms-proxy $version is installed in $prefix/bin"
  [ -z "$kept" ] || echo "note: left as they were, since other programs put them there:$kept" >&2
  case :$PATH: in
    *":$prefix/bin:"*) ;;
    *) echo "note: $prefix/bin is not in your PATH; add: export PATH=\"$prefix/bin:\$PATH\"" >&2 ;;
  esac
}

main "$@"
