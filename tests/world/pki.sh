# The PKI: authorities, hosts, users and trust stores. Sourced by `up`; all paths are relative to the world.
# shellcheck shell=bash disable=SC2154

# shellcheck source-path=SCRIPTDIR source=../worlds/pki.sh
source "$here/../worlds/pki.sh"

# authority, common name
AUTHORITIES='
WorldCA             World CA
WorldSHA1CA         World SHA1 CA
WorldUnpublishedCA  World Unpublished CA
WorldSubCA          World Sub CA
'
PUBLISHED=(WorldCA WorldSHA1CA WorldSubCA)

# file, authority, name
HOSTS="
host   WorldCA             $HOST
other  WorldCA             $OTHER_HOST
rogue  WorldUnpublishedCA  $HOST
"

# user, key, authority, validity (see `validity`), common name
USERS='
heidi    rsa4096  WorldCA             year    Heidi Hill
alice    rsa2048  WorldCA             year    Alice Adams
carol    rsa2048  WorldCA             year    Carol Clark
dave     rsa2048  WorldCA             year    Dave Dunn
erin     rsa2048  WorldCA             year    Erin Evans
grace    p256     WorldCA             year    Grace Gray
judy     p384     WorldCA             year    Judy Jones
zoe      rsa2048  WorldCA             year    Zoë Müller
ivan     rsa2048  WorldSubCA          year    Ivan Ivanov
short    rsa2048  WorldCA             short   Short Lived
expired  rsa2048  WorldCA             past    Expired User
notyet   rsa2048  WorldCA             future  Future User
revoked  rsa2048  WorldCA             year    Revoked User
sha1     rsa2048  WorldSHA1CA         year    Sha One
mallory  rsa2048  WorldUnpublishedCA  year    Mallory Moss
email    rsa2048  WorldCA             year    Robot: data\/mover/emailAddress=robot@world.example
'
SHORT_RENEW=$((2 * 3600)) # `short` gets a new certificate when this many seconds are left

make_authority() {
  local name=$1 dn="$BASE_DN/CN=$2" home=ca/$1
  authority_files "$name"
  if [[ $name == WorldSubCA ]]; then
    issue WorldCA subauthority authority "$dn" "$home/key.pem" "$home/cert.pem"
  else
    issue "$name" authority authority "$dn" "$home/key.pem" "$home/cert.pem" -selfsign
  fi
}

make_host() {
  local file=host/$1 names=DNS:$3
  [[ $3 != "$HOST" ]] || names+=,DNS:localhost,IP:127.0.0.1
  issue "$2" host host "$BASE_DN/O=Hosts/CN=$3" "${file}key.pem" "${file}cert.pem"
}

# All keys of the world; the long ones are first in the list.
make_keys() {
  local name key
  {
    while read -r name key _; do
      mkdir -p "users/$name"
      key_for "users/$name/userkey.pem" "$key"
    done < <(table "$USERS")
    while read -r name _; do
      mkdir -p "ca/$name"
      key_for "ca/$name/key.pem" rsa2048
    done < <(table "$AUTHORITIES")
    while read -r name _; do
      key_for "host/${name}key.pem" rsa2048
    done < <(table "$HOSTS")
  } | generate_keys
  chmod 400 users/*/userkey.pem host/*key.pem ca/*/key.pem
}

# The same keys in other formats, as they are met in ~/.globus
make_key_formats() {
  local a=users/alice g=users/grace p=pass:$PASSPHRASE
  (
    umask 077
    alice_formats
    openssl pkcs8 -topk8 -v2 des3 -in $a/userkey.pem -passout "$p" -out $a/userkey-enc-des3.pem
    openssl rsa -traditional -in $a/userkey.pem -out $a/userkey-pkcs1.pem
    openssl rsa -traditional -in $a/userkey.pem -des3 -passout "$p" -out $a/userkey-pkcs1-enc.pem
    openssl pkcs8 -topk8 -v2 aes-256-cbc -in $g/userkey.pem -passout "$p" -out $g/userkey-enc.pem
    openssl ec -in $g/userkey.pem -out $g/userkey-sec1.pem
    openssl ec -in $g/userkey.pem -aes256 -passout "$p" -out $g/userkey-sec1-enc.pem
    cat $a/usercert.pem $a/userkey.pem >$a/both.pem
    cat $a/userkey.pem >$a/userkey-0644.pem
  ) 2>>log/openssl.log || fail "no other key formats: see $PWD/log/openssl.log"
  chmod 400 $a/userkey-*.pem $g/userkey-*.pem
  chmod 644 $a/userkey-0644.pem
}

# trust_store DIR CRL: CRL is the file to take from ca/*/
trust_store() {
  local dir=$1 name dn crl
  mkdir -p "$dir"
  for name in "${PUBLISHED[@]}"; do
    crl=ca/$name/$2
    [[ -e $crl ]] || crl=ca/$name/crl.pem
    dn=$(subject "ca/$name/cert.pem")
    replace "$dir/$name.crl.pem" <"$crl"
    replace "$dir/$name.info" <<INFO
alias = $name
version = 1.0
status = accredited:classic
subjectdn = "$dn"
INFO
    trust_files "$dir" "$name" "$dn"
  done
}

make_pki() {
  local row
  mkdir ca host users
  make_keys
  while read -r -a row; do make_authority "${row[0]}" "${row[*]:1}"; done < <(table "$AUTHORITIES")
  while read -r -a row; do make_host "${row[@]}"; done < <(table "$HOSTS")
  while read -r -a row; do make_user "${row[@]:0:4}" "${row[*]:4}"; done < <(table "$USERS")
  cat ca/WorldSubCA/cert.pem >>users/ivan/usercert.pem
  make_key_formats
  with_ca WorldCA ca -gencrl -crl_lastupdate "$(date -u -d '-1 day' +%Y%m%d%H%M%SZ)" \
    -crl_nextupdate "$(date -u -d '-1 hour' +%Y%m%d%H%M%SZ)" -out ca/WorldCA/crl-expired.pem
}

# pki: makes what is missing or about to end
pki() {
  local row name
  renew_pki host/hostcert.pem 7 "$(echo "$here"/{pki.sh,common.sh,openssl.cnf})" \
    host users certificates certificates-expiredcrl certificates-empty
  if ! openssl x509 -in users/short/usercert.pem -noout -checkend $SHORT_RENEW >/dev/null; then
    read -r -a row < <(table "$USERS" | grep ^short)
    make_user "${row[@]:0:4}" "${row[*]:4}"
  fi
  for name in "${PUBLISHED[@]}"; do fresh_crl "$name" 1; done
  mkdir -p certificates-empty
  trust_store certificates crl.pem
  trust_store certificates-expiredcrl crl-expired.pem
}
