# Names, and helpers of `up` and `down`.
# shellcheck shell=bash disable=SC2034

VO=virgo
BASE_DN=/DC=example/DC=iam-testbed
AA_HOST=voms-virgo.test.example    # in the usual host certificate, the AC and the name of the LSC file
LB_HOST=lb.test.example            # a front with a certificate of its own
EC_HOST=voms-ec.test.example
IAM_HOST=iam-virgo.test.example
INNER_HOST=vomsaa.internal.example # what the AC says where the authority does not know its own name
PASSPHRASE=pass                    # of every encrypted key
PORTS=30
MARK=.voms-test-world-iam          # a file that tells a world from any other directory

# daemon, and a word in its command line, to which the world's directory belongs
DAEMONS='
aa     conf/aa.properties
nginx  conf/nginx.conf
'

# vomses-NAME, the offset of its port, the host certificate shown there
FRONTS='
main      0   aa
xmlerr    1   aa
renewed   2   renewed
lb        3   lb
legacy    4   aa
optional  5   aa
web       6   iam
down      7   aa
busy503   8   aa
busy429   9   aa
ec        10  ec
xmldown   11  aa
slow      12  aa
broken    13  aa
dead      14  aa
gzip      20  aa
chunked   21  aa
loop      22  aa
html      23  aa
bightml   24  aa
'

log() { echo "world-iam: $*" >&2; }
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

# running PIDFILE WORD: the process still is the one we started: WORD is in its command line
running() {
  local pid
  pid=$(cat "$1" 2>/dev/null) && [[ -n $pid ]] || return 1
  grep -qaF -- "$2" "/proc/$pid/cmdline" 2>/dev/null
}

# orphans PIDFILE DIR: processes that have outlived the one we started, as nginx's workers do if it is killed. They have
# another command line, but the preload is DIR's.
orphans() {
  local pid file stat
  pid=$(cat "$1" 2>/dev/null) || return 0
  for file in /proc/[1-9]*/stat; do
    # after the name: state, parent, process group
    read -r stat <"$file" || continue
    read -r _ _ stat _ <<<"${stat##*) }"
    file=${file%/stat}
    if [[ $stat == "$pid" ]] && grep -qaF -- "$2/run/shim.so" "$file/maps"; then echo "${file#/proc/}"; fi
  done 2>/dev/null
}

# stop_process PIDFILE WORD DIR
stop_process() {
  local pid i
  if running "$1" "$2"; then
    pid=$(<"$1")
    kill -- "$pid" || true
    for ((i = 0; i < 200; i++)); do
      running "$1" "$2" || break
      sleep 0.05
    done
    ! running "$1" "$2" || kill -9 -- "-$pid" || true
    log "stopped $(basename "$1" .pid), process $pid"
  else
    for pid in $(orphans "$1" "$3"); do kill -9 -- "$pid" || true; done
  fi
  rm -f "$1"
}

# stop_all DIR
stop_all() {
  local name word
  while read -r name word; do
    stop_process "$1/run/$name.pid" "$1/$word" "$1"
  done < <(table "$DAEMONS" | tac)
}
