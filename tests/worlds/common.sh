# What the worlds share. Sourced by the common.sh of each, which says its NAME (tests/NAME) and MARK (a file that
# tells such a world from any other directory), and may define the functions of this file anew.
# shellcheck shell=bash disable=SC2034,SC2154

PASSPHRASE=pass # of every encrypted key

log() { echo "$NAME: $*" >&2; }
fail() {
  log "$*"
  exit 1
}

# table ROWS: without the blank lines
table() { grep . <<<"$1"; }

# replace FILE: with standard input, in one step and only if it differs, since a daemon or a test may be reading it
replace() {
  local new=run/new.$BASHPID
  cat >"$new"
  if cmp -s "$new" "$1"; then rm "$new"; else mv "$new" "$1"; fi
}

# running PIDFILE WORD: the process is still the one we started: WORD is in its command line
running() {
  local pid
  pid=$(cat "$1" 2>/dev/null) && [[ -n $pid ]] || return 1
  grep -qaF -- "$2" "/proc/$pid/cmdline" 2>/dev/null
}

# is_ours PROC WORD: a process that has outlived the daemon with WORD in its command line belongs to this world
is_ours() { grep -qaF -- "$2" "$1/cmdline"; }

# orphans PIDFILE WORD: processes that have outlived the one we started, as the workers of a web server do if it is killed
orphans() {
  local pid file stat
  pid=$(cat "$1" 2>/dev/null) || return 0
  for file in /proc/[1-9]*/stat; do
    # after the name: state, parent, process group
    read -r stat <"$file" || continue
    read -r _ _ stat _ <<<"${stat##*) }"
    file=${file%/stat}
    if [[ $stat == "$pid" ]] && is_ours "$file" "$2"; then echo "${file#/proc/}"; fi
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

# stop_world [--purge] DIR
stop_world() {
  local purge='' dir='' arg
  for arg in "$@"; do
    case $arg in
      --purge) purge=1 ;;
      -*) fail "usage: down [--purge] DIR" ;;
      *) dir=$arg ;;
    esac
  done
  [[ -n $dir ]] || fail "usage: down [--purge] DIR"
  [[ -d $dir ]] || exit 0
  dir=$(cd "$dir" && pwd -P)
  [[ -f $dir/$MARK ]] || fail "$dir is not a world of tests/$NAME: nothing stopped, nothing removed"

  exec 9>"$dir/lock"
  flock 9
  stop_all "$dir"
  if [[ -n $purge ]]; then
    rm -rf "$dir"
    log "removed $dir"
  fi
}
