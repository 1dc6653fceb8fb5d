# Names, and helpers of `up` and `down`.
# shellcheck shell=bash disable=SC2034

NAME=world
HOST=voms.world.example        # the usual host certificate, and what most daemons call themselves in an AC
OTHER_HOST=other.world.example # the host certificate that does not fit where the vomses lines dial
BASE_DN=/DC=example/DC=world
MARK=.voms-test-world          # a file that tells a world from any other directory

# shellcheck source-path=SCRIPTDIR source=../worlds/common.sh
source "$here/../worlds/common.sh"

# stop_all DIR
stop_all() {
  local p
  for p in "$1"/run/voms-*.pid; do
    [[ ! -e $p ]] || stop_process "$p" "$1/voms/$(basename "$p" .pid).conf"
  done
  stop_process "$1/run/mariadb.pid" "--datadir=$1/db"
}
