# Who is in the VO. Sourced by `up`; all paths are relative to the world.
# shellcheck shell=bash disable=SC2154

# account USER YES|NO(active) SIGNED|NOT(aup) [GROUP|ATTRIBUTE=VALUE]...
account() {
  local cert=users/$1/usercert.pem word
  echo "account $1"
  echo "  certificate $(rfc2253 "$cert" subject) | $(rfc2253 "$cert" issuer)"
  echo "  active $2"
  echo "  aup $3"
  for word in "${@:4}"; do
    if [[ $word == *=* ]]; then echo "  attribute $word"; else echo "  group $word"; fi
  done
}

accounts() {
  local group
  echo "# groups with a label: optional (wlcg.optional-group), role (voms.role)"
  echo "optional virgo/ops"
  for group in virgo/VO-Admin virgo/virgo/production virgo/ops/shifter; do echo "role $group"; done
  # in IAM roles are groups; igwn and virgofriends are groups of the same IAM that don't belong to the VO
  account alice yes signed virgo virgo/virgo virgo/ops virgo/VO-Admin virgo/virgo/production virgo/ops/shifter igwn \
    nickname=alice
  account carol yes signed virgo
  account dave no signed virgo virgo/virgo
  account frank yes not virgo virgo/virgo
  account grace yes signed virgo virgo/virgo
  account heidi yes signed virgo/ops virgofriends
  account zoe yes signed virgo virgo/virgo
  account mallory yes signed virgo virgo/virgo
  account expired yes signed virgo
  account revoked yes signed virgo
}
