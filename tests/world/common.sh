# Names, and helpers of `up` and `down`.
# shellcheck shell=bash disable=SC2034

HOST=voms.world.example        # the usual host certificate, and what most daemons call themselves in an AC
OTHER_HOST=other.world.example # the host certificate that does not fit where the vomses lines dial
BASE_DN=/DC=example/DC=world
PASSPHRASE=pass                # of every encrypted key
MARK=.voms-test-world          # a file that tells a world from any other directory

log() { echo "world: $*" >&2; }
fail() {
  log "$*"
  exit 1
}

# running PIDFILE WORD: the process still is the one we started: WORD is in its command line
running() {
  local pid
  pid=$(cat "$1" 2>/dev/null) && [[ -n $pid ]] || return 1
  grep -qaF -- "$2" "/proc/$pid/cmdline" 2>/dev/null
}

# stop_process PIDFILE WORD
stop_process() {
  local pid i
  if running "$1" "$2"; then
    pid=$(<"$1")
    kill -- "$pid" || true
    for ((i = 0; i < 200; i++)); do
      running "$1" "$2" || break
      sleep 0.05
    done
    ! running "$1" "$2" || kill -9 -- "$pid" || true
    log "stopped $(basename "$1" .pid), process $pid"
  fi
  rm -f "$1"
}

# stop_all DIR
stop_all() {
  local p
  for p in "$1"/run/voms-*.pid; do
    [[ ! -e $p ]] || stop_process "$p" "$1/voms/$(basename "$p" .pid).conf"
  done
  stop_process "$1/run/mariadb.pid" "--datadir=$1/db"
}
