# The PKI: who signs for the web servers, for SAML and for the users. Sourced by `up`; all paths are relative to the world.
# shellcheck shell=bash disable=SC2154

# authority, common name
AUTHORITIES='
web      World ECP Web CA
unknown  World ECP Unknown CA
grid     World ECP Grid CA
'
# file, authority, validity, names
WEB_SERVERS="
web        web      year  $SERVICE_NAMES $LOGIN_NAMES $LOGIN2_NAMES $ROGUE_NAMES localhost
untrusted  unknown  year  untrusted.world.example localhost
expired    web      past  expired.world.example localhost
wrongname  web      year  somebody-else.world.example
"
SAML='sp idp'

# with_ca AUTHORITY req|ca ARGUMENT...
with_ca() {
  local name=$1 command=$2
  shift 2
  CA_HOME=ca/$name CA_DB=ca/$name WEB_NAMES=${names:-DNS:none} \
    openssl "$command" -config "$here/openssl.cnf" "$@" 2>>log/openssl.log ||
    fail "openssl $command $* failed: see $PWD/log/openssl.log"
}

validity() {
  local from to
  case $1 in
    authority) from='-2 days' to='+3650 days' ;;
    year) from='-1 day' to='+395 days' ;;
    past) from='2020-01-01' to='2021-01-01' ;;
  esac
  date -u -d "$from" '+-startdate %Y%m%d%H%M%SZ'
  date -u -d "$to" '+-enddate %Y%m%d%H%M%SZ'
}

# issue AUTHORITY SECTION VALIDITY SUBJECT KEY CERT [ARGUMENT...]
issue() {
  local ca=$1 section=$2 dates
  dates=$(validity "$3")
  with_ca "$ca" req -new -utf8 -key "$5" -subj "$4" -out "$6.request"
  # shellcheck disable=SC2086 # several arguments in it
  with_ca "$ca" ca -batch -notext -utf8 -extensions "x509_$section" $dates -in "$6.request" -out "$6.new" "${@:7}"
  chmod 644 "$6.new"
  rm "$6.request"
  mv "$6.new" "$6"
}

make_pki() {
  local name cn ca kind rest names file
  mkdir ca web saml
  {
    while read -r name _; do
      mkdir "ca/$name"
      : >"ca/$name/index"
      echo 01 >"ca/$name/crlnumber"
      echo "ca/$name/key.pem"
    done < <(table "$AUTHORITIES")
    while read -r name _; do echo "web/$name.key"; done < <(table "$WEB_SERVERS")
    for name in $SAML; do echo "saml/$name.key"; done
  } | (umask 077 && xargs -P "$(nproc)" -I FILE openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
    -out FILE 2>>log/openssl.log) || fail "key generation failed: see $PWD/log/openssl.log"
  while read -r name cn; do
    issue "$name" authority authority "/DC=example/DC=world/CN=$cn" "ca/$name/key.pem" "ca/$name/cert.pem" -selfsign
  done < <(table "$AUTHORITIES")
  while read -r file ca kind rest; do
    # shellcheck disable=SC2086 # several names in it
    names=$(printf ',DNS:%s' $rest)
    [[ $rest != *localhost ]] || names+=,IP:127.0.0.1
    names=${names#,} issue "$ca" web "$kind" "/DC=example/DC=world/CN=${rest%% *}" "web/$file.key" "web/$file.pem"
  done < <(table "$WEB_SERVERS")
  for name in $SAML; do
    with_ca web req -x509 -new -key "saml/$name.key" -subj "/CN=World ECP $name" -days 3650 -extensions x509_saml \
      -out "saml/$name.pem"
  done
}

# The authority that signs users' certificates, laid out as IGTF lays it out
grid_trust() {
  local hash dn
  mkdir -p certificates
  dn=$(openssl x509 -in ca/grid/cert.pem -noout -subject -nameopt compat)
  dn=${dn#subject=}
  if [[ -z $(find ca/grid -name crl.pem -mtime -1) ]]; then with_ca grid ca -gencrl -out ca/grid/crl.pem; fi
  hash=$(openssl x509 -in ca/grid/cert.pem -noout -subject_hash)
  replace "certificates/$hash.0" <ca/grid/cert.pem
  replace "certificates/$hash.r0" <ca/grid/crl.pem
  replace "certificates/$hash.signing_policy" <<POLICY
access_id_CA  X509    '$dn'
pos_rights    globus  CA:sign
cond_subjects globus  '"/DC=org/DC=cilogon/*"'
POLICY
}

# pki: makes what is missing or about to end, all of it at a change of these scripts. One that was not finished, its mark
# is missing, counts as none.
pki() {
  local version
  version=$(cat "$here"/{pki.sh,openssl.cnf} <(echo "$WEB_SERVERS") | cksum)
  if [[ $(cat ca/finished 2>/dev/null) != "$version" ]] ||
    ! openssl x509 -in web/web.pem -noout -checkend $((7 * 86400)) >/dev/null; then
    rm -rf ca web saml certificates
    log "making keys and certificates"
    make_pki
    echo "$version" >ca/finished
  fi
  grid_trust
}
