# The PKI: authorities, hosts, users and the trust store. Sourced by `up`; all paths are relative to the world.
# shellcheck shell=bash disable=SC2154

# shellcheck source-path=SCRIPTDIR source=../worlds/pki.sh
source "$here/../worlds/pki.sh"

# authority, key, common name; all are published
AUTHORITIES='
PersonalCA4  rsa2048  Personal CA 4
PersonalCA5  rsa2048  Personal CA 5
OutsideCA    rsa2048  Outside CA
HostCA       rsa2048  Host CA
HostCAEC     p256     Host CA EC
'
# nginx's idea of IGTF
KNOWN_TO_NGINX=(PersonalCA4 PersonalCA5 HostCA HostCAEC)

# file, key, authority, name. `renewed` has subject and issuer of `aa`. `unfit` has an RSA key under an EC authority:
# IAM signs as its own certificate is signed, and can't.
HOSTS="
aa       rsa2048  HostCA    $AA_HOST
renewed  rsa2048  HostCA    $AA_HOST
lb       rsa2048  HostCA    $LB_HOST
iam      rsa2048  HostCA    $IAM_HOST
unfit    rsa2048  HostCAEC  $AA_HOST
ec       p256     HostCAEC  $EC_HOST
"

# user, key, authority, validity (see `validity`), common name
USERS='
alice      rsa2048  PersonalCA4  year  Alice Adams
alice-new  rsa2048  PersonalCA5  year  Alice Adams
carol      rsa2048  PersonalCA4  year  Carol Clark
dave       rsa2048  PersonalCA4  year  Dave Dunn
erin       rsa2048  PersonalCA4  year  Erin Evans
frank      rsa2048  PersonalCA4  year  Frank Fisher
grace      p256     PersonalCA4  year  Grace EC
heidi      rsa2048  PersonalCA4  year  Heidi Hill
zoe        rsa2048  PersonalCA5  year  Zoë Müller
mallory    rsa2048  OutsideCA    year  Mallory Marsh
expired    rsa2048  PersonalCA4  past  Expired User
revoked    rsa2048  PersonalCA4  year  Revoked User
'

# Names in one line, without asking openssl: it takes its time, and `up` is run often.
ca_dn() { echo "$BASE_DN/CN=$(table "$AUTHORITIES" | sed -n "s/^$1  *[^ ]*  *//p")"; }
host_dn() { echo "$BASE_DN/O=Hosts/CN=$(table "$HOSTS" | awk -v file="$1" '$1 == file { print $4 }')"; }
host_ca_dn() { ca_dn "$(table "$HOSTS" | awk -v file="$1" '$1 == file { print $3 }')"; }

# rfc2253 CERT subject|issuer: as nginx spells it
rfc2253() { openssl x509 -in "$1" -noout "-$2" -nameopt RFC2253 | sed "s/^$2=//"; }

make_authority() {
  local home=ca/$1
  authority_files "$1"
  issue "$1" authority authority "$BASE_DN/CN=$2" "$home/key.pem" "$home/cert.pem" -selfsign
}

# make_host FILE AUTHORITY NAME
make_host() {
  local file=host/$1 names=DNS:$3,DNS:localhost,IP:127.0.0.1
  issue "$2" host host "$BASE_DN/O=Hosts/CN=$3" "${file}key.pem" "${file}cert.pem"
}

# All keys of the world.
make_keys() {
  local name key
  {
    while read -r name key _; do
      mkdir -p "users/$name"
      key_for "users/$name/userkey.pem" "$key"
    done < <(table "$USERS")
    while read -r name key _; do
      mkdir -p "ca/$name"
      key_for "ca/$name/key.pem" "$key"
    done < <(table "$AUTHORITIES")
    while read -r name key _; do
      key_for "host/${name}key.pem" "$key"
    done < <(table "$HOSTS")
  } | generate_keys
  chmod 400 users/*/userkey.pem host/*key.pem ca/*/key.pem
}

make_key_formats() {
  (umask 077 && alice_formats) 2>>log/openssl.log || fail "no other key formats: see $PWD/log/openssl.log"
  chmod 400 users/alice/userkey-enc.pem
}

make_pki() {
  local row
  mkdir ca host users
  make_keys
  while read -r -a row; do make_authority "${row[0]}" "${row[*]:2}"; done < <(table "$AUTHORITIES")
  while read -r -a row; do make_host "${row[0]}" "${row[@]:2}"; done < <(table "$HOSTS")
  while read -r -a row; do make_user "${row[@]:0:4}" "${row[*]:4}"; done < <(table "$USERS")
  make_key_formats
  mkdir certificates
  while read -r -a row; do trust_files certificates "${row[0]}" "$(ca_dn "${row[0]}")"; done < <(table "$AUTHORITIES")
  accounts >ca/accounts
}

# pki: makes what is missing or about to end
pki() {
  local ca
  renew_pki host/aacert.pem 60 "$(echo "$here"/{pki.sh,accounts.sh,common.sh,openssl.cnf})" host users certificates
  while read -r ca _; do
    fresh_crl "$ca" 30
    replace "certificates/$ca.crl.pem" <"ca/$ca/crl.pem"
  done < <(table "$AUTHORITIES")
  for ca in "${KNOWN_TO_NGINX[@]}"; do cat "ca/$ca/cert.pem"; done | replace host/client-cas.pem
  for ca in "${KNOWN_TO_NGINX[@]}"; do cat "ca/$ca/crl.pem"; done | replace host/client-crls.pem
}
