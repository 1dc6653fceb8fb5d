# The PKI: who signs for the web servers, for SAML and for the users. Sourced by `up`; all paths are relative to the world.
# shellcheck shell=bash disable=SC2154

# shellcheck source-path=SCRIPTDIR source=../worlds/pki.sh
source "$here/../worlds/pki.sh"

# authority, common name
AUTHORITIES='
web      World ECP Web CA
unknown  World ECP Unknown CA
grid     World ECP Grid CA
'
# file, authority, validity, names
WEB_SERVERS="
web        web      host  $SERVICE_NAMES $LOGIN_NAMES $LOGIN2_NAMES $ROGUE_NAMES localhost
untrusted  unknown  host  untrusted.world.example localhost
expired    web      past  expired.world.example localhost
wrongname  web      host  somebody-else.world.example
"
SAML='sp idp'

make_pki() {
  local name cn ca kind rest names file
  mkdir ca web saml
  {
    while read -r name _; do
      mkdir "ca/$name"
      : >"ca/$name/index"
      echo 01 >"ca/$name/crlnumber"
      key_for "ca/$name/key.pem" rsa2048
    done < <(table "$AUTHORITIES")
    while read -r name _; do key_for "web/$name.key" rsa2048; done < <(table "$WEB_SERVERS")
    for name in $SAML; do key_for "saml/$name.key" rsa2048; done
  } | generate_keys
  while read -r name cn; do
    issue "$name" x509_authority authority "/DC=example/DC=world/CN=$cn" "ca/$name/key.pem" "ca/$name/cert.pem" -selfsign
  done < <(table "$AUTHORITIES")
  while read -r file ca kind rest; do
    # shellcheck disable=SC2086 # several names in it
    names=$(printf ',DNS:%s' $rest)
    [[ $rest != *localhost ]] || names+=,IP:127.0.0.1
    names=${names#,} issue "$ca" x509_web "$kind" "/DC=example/DC=world/CN=${rest%% *}" "web/$file.key" "web/$file.pem"
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
  dn=$(subject ca/grid/cert.pem)
  fresh_crl grid 1
  hash=$(openssl x509 -in ca/grid/cert.pem -noout -subject_hash)
  replace "certificates/$hash.0" <ca/grid/cert.pem
  replace "certificates/$hash.r0" <ca/grid/crl.pem
  replace "certificates/$hash.signing_policy" <<POLICY
access_id_CA  X509    '$dn'
pos_rights    globus  CA:sign
cond_subjects globus  '"/DC=org/DC=cilogon/*"'
POLICY
}

# pki: makes what is missing or about to end
pki() {
  # common.sh has the names in the certificates
  renew_pki web/web.pem 7 "$(echo "$here"/{pki.sh,common.sh,openssl.cnf})" web saml certificates
  grid_trust
}
