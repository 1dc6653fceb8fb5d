#compdef @NAMES@
# zsh completion of voms-proxy and its other names; made by: voms-proxy completions zsh

_voms-proxy() {
  local line program=voms-proxy command=${words[1]}
  local -a values shown
  [[ $command == */voms-proxy ]] && program=${~command}
  while IFS= read -r line; do
    case $line in
      :files)
        [[ $PREFIX == -*=* ]] && compset -P '*='
        _files
        ;;
      :directories)
        [[ $PREFIX == -*=* ]] && compset -P '*='
        _files -/
        ;;
      *$'\t'*)
        values+=("${line%%$'\t'*}")
        shown+=("${line%%$'\t'*}  -- ${line#*$'\t'}")
        ;;
      *)
        values+=("$line")
        shown+=("$line")
        ;;
    esac
  done < <("$program" __complete "${command:t}" "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
  # A colon takes the place of the blank behind a VO.
  (( $#values )) && compadd -l -S ' ' -r ':' -d shown -a values
}

if [[ $funcstack[1] == _voms-proxy ]]; then
  _voms-proxy "$@"
elif (( $+functions[compdef] )); then
  compdef _voms-proxy @NAMES@
fi
