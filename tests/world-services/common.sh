# What the services of this directory share. Sourced inside `voms-proxy sandbox`, whose directory has CA, host and user.
# shellcheck shell=bash disable=SC2034

fail() {
  echo "$0: $*" >&2
  exit 1
}

need() {
  local what
  for what; do
    if [[ $what == /* ]]; then [[ -e $what ]]; else type -P "$what" >/dev/null; fi ||
      fail "there is no $what: run scripts/install-test-packages"
  done
}

sandbox=$(dirname "$X509_CERT_DIR")
host=$sandbox/host/hostcert.pem
host_key=$sandbox/host/hostkey.pem

# The proxies that every service is shown, and what it has to say of each.
PROXIES=(
  good:accepted      # two groups and a role
  plain:refused      # without attributes
  expired:refused    # attributes that have ended, in a proxy that has not
  foreign:refused    # signed by somebody whom no LSC file names
  impostor:refused   # signed by somebody of the server's name, whom a CA of the CA's name has certified
  other-vo:refused   # a group of another VO
  this-host:accepted # for the host on which the service runs
  other-host:refused # for another host only
)

# fake NAME CERTIFICATE KEY ARGUMENT...: a proxy with attributes that this certificate signs
fake() {
  voms-proxy-fake -q --hostcert "$2" --hostkey "$3" --voms virgo --cert "$X509_USER_CERT" --key "$X509_USER_KEY" \
    --out "$work/$1.pem" "${@:4}" || fail "no proxy $1"
}

# slashes FILE subject|issuer: a name as `openssl req -subj` takes it
slashes() { openssl x509 -in "$1" -noout "-$2" -nameopt compat | sed "s/^$2=//"; }

# impostor: a certificate with the names of the host's, of another CA
impostor() {
  openssl req -x509 -newkey rsa:2048 -nodes -subj "$(slashes "$host" issuer)" -days 2 \
    -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null &&
    openssl req -newkey rsa:2048 -nodes -subj "$(slashes "$host" subject)" \
      -keyout "$work/impostor.key" -out "$work/impostor.csr" 2>/dev/null &&
    openssl x509 -req -in "$work/impostor.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 1 \
      -extfile <(echo keyUsage=critical,digitalSignature) -out "$work/impostor.crt" 2>/dev/null || fail "no impostor"
}

make_proxies() {
  fake good "$host" "$host_key" --fqan /virgo --fqan /virgo/virgo --fqan /virgo/virgo/Role=production --ga 'shell=zsh (virgo)'
  voms-proxy-init -q --out "$work/plain.pem" || fail "no plain proxy"
  fake expired "$host" "$host_key" --fqan /virgo --pastac 10:00 --vomslife 5
  fake foreign "$X509_USER_CERT" "$X509_USER_KEY" --fqan /virgo
  impostor
  fake impostor "$work/impostor.crt" "$work/impostor.key" --fqan /virgo
  fake other-vo "$host" "$host_key" --fqan /cms
  fake this-host "$host" "$host_key" --fqan /virgo --target "$(hostname)"
  fake other-host "$host" "$host_key" --fqan /virgo --target elsewhere.example.org
}

# free_port: one that nobody listens at
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# says FILE TEXT PID: waits until the process has written that
says() {
  local i
  for ((i = 0; i < 300; i++)); do
    ! grep -qF -- "$2" "$1" 2>/dev/null || return 0
    kill -0 "$3" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}

# uses_library PID: the process has the library that was asked for, and no other of its name
uses_library() {
  local found
  found=$(grep -o "/.*/libvomsapi\.so.*" "/proc/$1/maps" | sort -u) || true
  [[ $found == "$library" ]] || fail "process $1 has '$found' and not $library"
}

# watch PID: notes its libvomsapi in the file `seen` until it ends
watch() {
  while kill -0 "$1" 2>/dev/null; do
    grep -o '/.*/libvomsapi\.so.*' "/proc/$1/maps" 2>/dev/null >>seen || true
    sleep 0.02
  done
}

# each: says what becomes of each proxy, by the function `try NAME`
each() {
  local case name
  for case in "${PROXIES[@]}"; do
    name=${case%:*}
    if try "$name"; then echo "$name:accepted"; else echo "$name:refused"; fi
  done
}

# alone COMMAND...: the command, while `serve` runs a server for this one connection, whose libraries are noted
alone() {
  local status=0
  serve
  watch "$server" >/dev/null &
  "$@" || status=$?
  kill -KILL "$server" 2>/dev/null || true
  wait 2>/dev/null
  return "$status"
}
