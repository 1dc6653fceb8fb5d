# The PKI: authorities, hosts, users and the trust store. Sourced by `up`; all paths are relative to the world.
# shellcheck shell=bash disable=SC2154

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

# validity KIND: the arguments of `openssl ca` for it. Authorities begin before hosts, and those before users: some
# verifiers refuse what begins before the certificate it is signed with.
validity() {
  local from to
  case $1 in
    authority) from='-2 days' to='+3650 days' ;;
    host) from='-1 day' to='+395 days' ;;
    year) from='-1 hour' to='+395 days' ;;
    past) from='2024-01-01' to='2025-01-01' ;;
  esac
  date -u -d "$from" '+-startdate %Y%m%d%H%M%SZ'
  date -u -d "$to" '+-enddate %Y%m%d%H%M%SZ'
}

# with_ca AUTHORITY req|ca ARGUMENT...
with_ca() {
  local authority=$1 command=$2
  shift 2
  CA_HOME=ca/$authority HOST_NAMES=${names:-DNS:none} openssl "$command" -config "$here/openssl.cnf" "$@" 2>>log/openssl.log ||
    fail "openssl $command $* failed: see $PWD/log/openssl.log"
}

# issue AUTHORITY SECTION VALIDITY SUBJECT KEY CERT [ARGUMENT...]
issue() {
  local ca=$1 section=$2 dates
  dates=$(validity "$3")
  with_ca "$ca" req -new -utf8 -key "$5" -subj "$4" -out "$6.request"
  # shellcheck disable=SC2086 # several arguments in it
  with_ca "$ca" ca -batch -notext -utf8 -extensions "$section" $dates -in "$6.request" -out "$6.new" "${@:7}"
  chmod 644 "$6.new"
  rm "$6.request"
  mv "$6.new" "$6"
}

make_authority() {
  local home=ca/$1
  mkdir "$home/issued"
  touch "$home/index"
  echo 1000 >"$home/serial"
  echo 01 >"$home/crlnumber"
  issue "$1" authority authority "$BASE_DN/CN=$2" "$home/key.pem" "$home/cert.pem" -selfsign
}

# make_host FILE AUTHORITY NAME
make_host() {
  local file=host/$1 names=DNS:$3,DNS:localhost,IP:127.0.0.1
  issue "$2" host host "$BASE_DN/O=Hosts/CN=$3" "${file}key.pem" "${file}cert.pem"
}

# make_user NAME KEY AUTHORITY VALIDITY CN
make_user() {
  local dir=users/$1 section=person
  [[ $2 == rsa* ]] || section=person_ec
  issue "$3" "$section" "$4" "$BASE_DN/O=Virgo/CN=$5" "$dir/userkey.pem" "$dir/usercert.pem"
  [[ $1 != revoked ]] || with_ca "$3" ca -revoke "$dir/usercert.pem" -crl_reason keyCompromise
}

key_arguments() {
  case $1 in
    rsa*) echo "-algorithm RSA -pkeyopt rsa_keygen_bits:${1#rsa}" ;;
    p*) echo "-algorithm EC -pkeyopt ec_paramgen_curve:P-${1#p}" ;;
  esac
}

# All keys of the world, as many at a time as there are processors.
make_keys() {
  local name key
  {
    while read -r name key _; do
      mkdir -p "users/$name"
      echo "-out users/$name/userkey.pem $(key_arguments "$key")"
    done < <(table "$USERS")
    while read -r name key _; do
      mkdir -p "ca/$name"
      echo "-out ca/$name/key.pem $(key_arguments "$key")"
    done < <(table "$AUTHORITIES")
    while read -r name key _; do
      echo "-out host/${name}key.pem $(key_arguments "$key")"
    done < <(table "$HOSTS")
  } | (umask 077 && xargs -L 1 -P "$(nproc)" openssl genpkey -quiet 2>>log/openssl.log) ||
    fail "key generation failed: see $PWD/log/openssl.log"
  chmod 400 users/*/userkey.pem host/*key.pem ca/*/key.pem
}

# Alice's key in other clothes
make_key_formats() {
  local a=users/alice p=pass:$PASSPHRASE
  (
    umask 077
    openssl pkcs8 -topk8 -v2 aes-256-cbc -in $a/userkey.pem -passout "$p" -out $a/userkey-enc.pem
    openssl pkcs12 -export -inkey $a/userkey.pem -in $a/usercert.pem -name alice -passout "$p" -out $a/user.p12
    openssl pkcs12 -export -legacy -inkey $a/userkey.pem -in $a/usercert.pem -name alice -passout "$p" -out $a/user-legacy.p12
  ) 2>>log/openssl.log || fail "no other key formats: see $PWD/log/openssl.log"
  chmod 400 $a/userkey-enc.pem
}

# trust_store DIR: laid out as IGTF does, but for the CRLs
trust_store() {
  local dir=$1 ca dn hash file
  mkdir "$dir"
  while read -r ca _; do
    dn=$(ca_dn "$ca")
    cp "ca/$ca/cert.pem" "$dir/$ca.pem"
    cat >"$dir/$ca.signing_policy" <<POLICY
access_id_CA  X509    '$dn'
pos_rights    globus  CA:sign
cond_subjects globus  '"$BASE_DN/*"'
POLICY
    cat >"$dir/$ca.namespaces" <<NAMESPACES
TO Issuer "$dn" \\
  PERMIT Subject "$BASE_DN/.*"
NAMESPACES
    # two hashes: today's, and the one of OpenSSL before 1.0
    for hash in $(openssl x509 -in "ca/$ca/cert.pem" -noout -subject_hash -subject_hash_old); do
      for file in .pem:.0 .crl.pem:.r0 .signing_policy:.signing_policy .namespaces:.namespaces; do
        ln -sfn "$ca${file%:*}" "$dir/$hash${file#*:}"
      done
    done
  done < <(table "$AUTHORITIES")
}

make_pki() {
  local row
  mkdir ca host users
  make_keys
  while read -r -a row; do make_authority "${row[0]}" "${row[*]:2}"; done < <(table "$AUTHORITIES")
  while read -r -a row; do make_host "${row[0]}" "${row[@]:2}"; done < <(table "$HOSTS")
  while read -r -a row; do make_user "${row[@]:0:4}" "${row[*]:4}"; done < <(table "$USERS")
  make_key_formats
  trust_store certificates
  accounts >ca/accounts
}

# pki: makes what is missing or about to end, all of it at a change of these scripts. A PKI that was not finished,
# its mark is missing, counts as none.
pki() {
  local version ca
  version=$(cat "$here"/{pki.sh,accounts.sh,common.sh,openssl.cnf} | cksum)
  if [[ $(cat ca/finished 2>/dev/null) != "$version" ]] ||
    ! openssl x509 -in host/aacert.pem -noout -checkend $((60 * 86400)) >/dev/null; then
    rm -rf ca host users certificates
    log "making keys and certificates"
    make_pki
    echo "$version" >ca/finished
  fi
  while read -r ca _; do
    if [[ -z $(find "ca/$ca" -name crl.pem -mtime -30) ]]; then
      with_ca "$ca" ca -gencrl -out "ca/$ca/crl.pem"
    fi
    replace "certificates/$ca.crl.pem" <"ca/$ca/crl.pem"
  done < <(table "$AUTHORITIES")
  for ca in "${KNOWN_TO_NGINX[@]}"; do cat "ca/$ca/cert.pem"; done | replace host/client-cas.pem
  for ca in "${KNOWN_TO_NGINX[@]}"; do cat "ca/$ca/crl.pem"; done | replace host/client-crls.pem
}
