# Bringing up a world: its directory, ports and daemons. Sourced by the `up` of each.
# shellcheck shell=bash disable=SC2034,SC2154

# need TOOL...: on the PATH, or files
need() {
  local tool
  for tool in "$@"; do
    [[ -e $tool || -n $(type -P "$tool") ]] || fail "$tool is missing: run scripts/install-test-packages as root"
  done
}

# enter DIR: makes it the world, the current directory, and ours alone until we end
enter() {
  mkdir -p "$1"
  cd "$1"
  world=$(pwd -P)
  cd "$world"
  [[ $world != *[!A-Za-z0-9/._+@%=,-]* ]] || fail "$world: the path must not contain blanks, quotes and the like"
  [[ -z $(ls -A) || -e $MARK ]] || fail "$world contains other files"
  touch "$MARK"
  exec 9>lock
  flock 9
  mkdir -p run log
}

# at_once COMMAND...: runs all of them; one that fails has said why
at_once() {
  local command strand strands=() bad=
  for command in "$@"; do
    "$command" &
    strands+=($!)
  done
  for strand in "${strands[@]}"; do wait "$strand" || bad=1; done
  [[ -z $bad ]] || exit 1
}

# listening PORT: on any address
listening() {
  { cat /proc/net/tcp /proc/net/tcp6 2>/dev/null || true; } |
    awk -v port=":$(printf %04X "$1")" '$4 == "0A" && $2 ~ port "$" { found = 1 } END { exit !found }'
}

# block_free BASE: none of its ports is taken, except by our own daemons
block_free() {
  local i name word
  for ((i = 0; i < PORTS; i++)); do
    while read -r name word; do
      ! grep -qsx -- $(($1 + i)) "run/$name.ports" || ! running "run/$name.pid" "$world/$word" || continue 2
    done < <(table "$DAEMONS")
    ! listening $(($1 + i)) || return 1
  done
}

# choose_port VARIABLE BASE...: of the block that VARIABLE_PORT names, or of the last time's, or of the first free one
choose_port() {
  local variable=$1 asked=$1_PORT base
  shift
  # the value that another world's env.sh has left in the environment does not count
  if [[ -n ${!asked:-} && ${!variable:-$world} == "$world" ]]; then
    [[ ${!asked} =~ ^[1-9][0-9]{3,4}$ ]] || fail "$asked=${!asked} is not a port"
    block_free "${!asked}" || fail "some of the ports from $asked=${!asked} on are taken"
    echo "${!asked}"
    return
  fi
  for base in $(cat run/port 2>/dev/null) "$@"; do
    ! block_free "$base" || { echo "$base"; return; }
  done
  fail "no free ports"
}

# word_of NAME: of a daemon
word_of() { echo "$world/$(table "$DAEMONS" | awk -v name="$1" '$1 == name { print $2 }')"; }

# stop_stale: what is left of daemons that have died
stop_stale() {
  local name word
  while read -r name word; do
    running "run/$name.pid" "$world/$word" || stop_process "run/$name.pid" "$world/$word"
  done < <(table "$DAEMONS")
}

# daemon NAME PORTS FILES COMMAND...: starts it, or again if one of the files, or the command, has changed
daemon() {
  local name=$1 ports=$2 files=$3 word state
  shift 3
  word=$(word_of "$name")
  # shellcheck disable=SC2086 # several of them
  state=$({ echo "$@"; cat $files; } | cksum)
  if running "run/$name.pid" "$word"; then
    [[ $(cat "run/$name.state" 2>/dev/null) != "$state" ]] || return 0
  fi
  stop_process "run/$name.pid" "$word"
  log "starting $name: ports ${ports// /, }"
  # shellcheck disable=SC2086
  printf '%s\n' $ports >"run/$name.ports"
  setsid "$@" </dev/null >>"log/$name.out" 2>&1 8<&- 9>&- &
  echo $! >"run/$name.pid"
  echo "$state" >"run/$name.state"
}

# await NAME...: until they listen
await() {
  local name p i word
  for name in "$@"; do
    word=$(word_of "$name")
    while read -r p; do
      for ((i = 0; i < 600; i++)); do
        running "run/$name.pid" "$word" || ((i < 10)) || break
        ! listening "$p" || continue 2
        sleep 0.05
      done
      fail "$name does not listen on port $p: see $world/log/$name.out and the other logs there"
    done <"run/$name.ports"
  done
}
