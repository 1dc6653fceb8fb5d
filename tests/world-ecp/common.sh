# Names, and helpers of `up` and `down`.
# shellcheck shell=bash disable=SC2034

MARK=.voms-test-world-ecp # a file that tells a world from any other directory
REALM=LIGO.ORG
# All names that the world answers to. What is not here, the proxies refuse.
SERVICE_NAMES='ecp.cilogon.org cilogon.org'
LOGIN_NAMES='login.ligo.org'
LOGIN2_NAMES='login2.ligo.org idp.world.example'
ROGUE_NAMES='rogue.world.example stolen.world.example'

# user, password, attributes that the IdPs have of him; see `attributes` in saml.sh
USERS='
albert.einstein  relativity-1905  all
marie.curie      polonium-1898    no-name
emmy.noether     schön:wort       all
'

# daemon, and a word in its command line, to which the world's directory belongs
DAEMONS='
connect    bin/connect.py
peers      bin/peers.py
krb5kdc    run/krb5kdc.mit.pid
shibd      shibboleth/shibboleth2.xml
apache     apache/httpd.conf
'

log() { echo "world-ecp: $*" >&2; }
fail() {
  log "$*"
  exit 1
}

# table ROWS: without the blank lines
table() { grep . <<<"$1"; }

# replace FILE: with standard input, in one step and only if it differs, since a daemon may be reading it
replace() {
  local new=run/new.$BASHPID
  cat >"$new"
  if cmp -s "$new" "$1"; then rm "$new"; else mv "$new" "$1"; fi
}

# running PIDFILE WORD: the process still is the one we started: WORD is in its command line
running() {
  local pid
  pid=$(cat "$1" 2>/dev/null) && [[ -n $pid ]] || return 1
  grep -qaF -- "$2" "/proc/$pid/cmdline" 2>/dev/null
}

# orphans PIDFILE WORD: processes that have outlived the one we started, as Apache's workers do if it is killed
orphans() {
  local pid file stat
  pid=$(cat "$1" 2>/dev/null) || return 0
  for file in /proc/[1-9]*/stat; do
    # after the name: state, parent, process group
    read -r stat <"$file" || continue
    read -r _ _ stat _ <<<"${stat##*) }"
    file=${file%/stat}
    if [[ $stat == "$pid" ]] && grep -qaF -- "$2" "$file/cmdline"; then echo "${file#/proc/}"; fi
  done 2>/dev/null
}

# stop_process PIDFILE WORD
stop_process() {
  local pid i
  if running "$1" "$2"; then
    pid=$(<"$1")
    # all of its session: a page of Apache's may hang
    kill -- "-$pid" || true
    for ((i = 0; i < 200; i++)); do
      running "$1" "$2" || break
      sleep 0.05
    done
    ! running "$1" "$2" || kill -9 -- "-$pid" || true
    log "stopped $(basename "$1" .pid), process $pid"
  else
    for pid in $(orphans "$1" "$2"); do kill -9 -- "$pid" || true; done
  fi
  rm -f "$1"
}

# stop_all DIR
stop_all() {
  local name word
  while read -r name word; do
    stop_process "$1/run/$name.pid" "$1/$word"
  done < <(table "$DAEMONS" | tac)
}
