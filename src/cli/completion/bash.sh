# bash completion of voms-proxy and its other names; made by: voms-proxy completions bash

_voms_proxy_complete() {
  local words=() at glue= word raw cur prefix= line program=voms-proxy
  # bash takes words apart at colons and equals signs, which are parts of ours.
  for ((at = 0; at <= COMP_CWORD; at++)); do
    word=${COMP_WORDS[at]}
    if [[ -n $word && -n $glue && ${#words[@]} -gt 1 ]]; then
      words[${#words[@]} - 1]+=$word
    elif [[ $word == [:=] && ${#words[@]} -gt 1 ]]; then
      words[${#words[@]} - 1]+=$word
    else
      words+=("$word")
    fi
    [[ $word == [:=] ]] && glue=1 || glue=
  done
  cur=${words[${#words[@]} - 1]}
  # What bash replaces is only the last part.
  raw=${COMP_WORDS[COMP_CWORD]}
  if [[ $raw == [:=] && $cur == *"$raw" ]]; then
    prefix=$cur
  elif [[ $raw != "$cur" ]]; then
    prefix=${cur%"$raw"}
  fi
  COMPREPLY=()
  [[ ${words[0]} == */voms-proxy ]] && program=${words[0]/#\~\//$HOME/}
  words[0]=${words[0]##*/}
  while IFS= read -r line; do
    case $line in
      :files) _voms_proxy_paths -f ;;
      :directories) _voms_proxy_paths -d ;;
      *)
        line=${line%%$'\t'*}
        [[ $line == "$cur"* ]] && COMPREPLY+=("${line#"$prefix"}")
        ;;
    esac
  done < <("$program" __complete "${words[@]}" 2>/dev/null)
}

# Names of files (-f) or directories (-d) that begin as the word does, or what is behind its =.
_voms_proxy_paths() {
  local start=$cur path before=
  if [[ $cur == -*=* ]]; then
    start=${cur#*=}
    before=${cur%%=*}=
  fi
  compopt -o filenames 2>/dev/null
  while IFS= read -r path; do
    path=$before$path
    COMPREPLY+=("${path#"$prefix"}")
  done < <(compgen "$1" -- "$start")
}

complete -F _voms_proxy_complete @NAMES@
