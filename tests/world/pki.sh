# The PKI: authorities, hosts, users and trust stores. Sourced by `up`; all paths are relative to the world.
# shellcheck shell=bash disable=SC2154

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

# table ROWS: without the blank lines
table() { grep . <<<"$1"; }

subject() { openssl x509 -in "$1" -noout -subject -nameopt compat | sed 's/^subject=//'; }

# validity KIND: the arguments of `openssl ca` for it. Authorities begin before hosts, and those before users: some
# verifiers refuse what begins before the certificate it is signed with.
validity() {
  local from to
  case $1 in
    authority) from='-2 days' to='+3650 days' ;;
    host) from='-1 day' to='+395 days' ;;
    year) from='-1 hour' to='+395 days' ;;
    short) from='now' to='+6 hours' ;;
    past) from='2020-01-01' to='2021-01-01' ;;
    future) from='+300 days' to='+390 days' ;;
  esac
  date -u -d "$from" '+-startdate %Y%m%d%H%M%SZ'
  date -u -d "$to" '+-enddate %Y%m%d%H%M%SZ'
}

# replace FILE: with standard input, in one step and only if it differs, since tests may be reading it
replace() {
  local new=run/new.$BASHPID
  cat >"$new"
  if cmp -s "$new" "$1"; then rm "$new"; else mv "$new" "$1"; fi
}

# with_ca AUTHORITY req|ca ARGUMENT...
with_ca() {
  local name=$1 command=$2 digest=sha256
  shift 2
  [[ $name != WorldSHA1CA ]] || digest=sha1
  CA_HOME=ca/$name CA_DIGEST=$digest HOST_NAMES=${names:-DNS:none} \
    openssl "$command" -config "$here/openssl.cnf" "$@" 2>>log/openssl.log ||
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
  local name=$1 dn="$BASE_DN/CN=$2" home=ca/$1
  mkdir "$home/issued"
  touch "$home/index"
  echo 1000 >"$home/serial"
  echo 01 >"$home/crlnumber"
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

# make_user NAME KEY AUTHORITY VALIDITY CN
make_user() {
  local dir=users/$1 section=person
  [[ $2 == rsa* ]] || section=person_ec
  issue "$3" "$section" "$4" "$BASE_DN/O=Virgo/CN=$5" "$dir/userkey.pem" "$dir/usercert.pem"
  case $1 in
    ivan) cat "ca/$3/cert.pem" >>"$dir/usercert.pem" ;;
    revoked) with_ca "$3" ca -revoke "$dir/usercert.pem" -crl_reason keyCompromise ;;
  esac
}

key_arguments() {
  case $1 in
    rsa*) echo "-algorithm RSA -pkeyopt rsa_keygen_bits:${1#rsa}" ;;
    p*) echo "-algorithm EC -pkeyopt ec_paramgen_curve:P-${1#p}" ;;
  esac
}

# All keys of the world, as many at a time as there are processors; the long ones are first in the list.
make_keys() {
  local name key
  {
    while read -r name key _; do
      mkdir -p "users/$name"
      echo "-out users/$name/userkey.pem $(key_arguments "$key")"
    done < <(table "$USERS")
    while read -r name _; do
      mkdir -p "ca/$name"
      echo "-out ca/$name/key.pem $(key_arguments rsa2048)"
    done < <(table "$AUTHORITIES")
    while read -r name _; do
      echo "-out host/${name}key.pem $(key_arguments rsa2048)"
    done < <(table "$HOSTS")
  } | (umask 077 && xargs -L 1 -P "$(nproc)" openssl genpkey -quiet 2>>log/openssl.log) ||
    fail "key generation failed: see $PWD/log/openssl.log"
  chmod 400 users/*/userkey.pem host/*key.pem ca/*/key.pem
}

# The same keys in other clothes, as they are met in ~/.globus
make_key_formats() {
  local a=users/alice g=users/grace p=pass:$PASSPHRASE
  (
    umask 077
    openssl pkcs8 -topk8 -v2 aes-256-cbc -in $a/userkey.pem -passout "$p" -out $a/userkey-enc.pem
    openssl pkcs8 -topk8 -v2 des3 -in $a/userkey.pem -passout "$p" -out $a/userkey-enc-des3.pem
    openssl rsa -traditional -in $a/userkey.pem -out $a/userkey-pkcs1.pem
    openssl rsa -traditional -in $a/userkey.pem -des3 -passout "$p" -out $a/userkey-pkcs1-enc.pem
    openssl pkcs8 -topk8 -v2 aes-256-cbc -in $g/userkey.pem -passout "$p" -out $g/userkey-enc.pem
    openssl ec -in $g/userkey.pem -out $g/userkey-sec1.pem
    openssl ec -in $g/userkey.pem -aes256 -passout "$p" -out $g/userkey-sec1-enc.pem
    openssl pkcs12 -export -inkey $a/userkey.pem -in $a/usercert.pem -name alice -passout "$p" -out $a/user.p12
    openssl pkcs12 -export -legacy -inkey $a/userkey.pem -in $a/usercert.pem -name alice -passout "$p" -out $a/user-legacy.p12
    cat $a/usercert.pem $a/userkey.pem >$a/both.pem
    cat $a/userkey.pem >$a/userkey-0644.pem
  ) 2>>log/openssl.log || fail "no other key formats: see $PWD/log/openssl.log"
  chmod 400 $a/userkey-*.pem $g/userkey-*.pem
  chmod 644 $a/userkey-0644.pem
}

# trust_store DIR CRL: laid out as IGTF does; CRL is the file to take from ca/*/
trust_store() {
  local dir=$1 name dn hash file crl
  mkdir -p "$dir"
  for name in "${PUBLISHED[@]}"; do
    crl=ca/$name/$2
    [[ -e $crl ]] || crl=ca/$name/crl.pem
    dn=$(subject "ca/$name/cert.pem")
    replace "$dir/$name.pem" <"ca/$name/cert.pem"
    replace "$dir/$name.crl.pem" <"$crl"
    replace "$dir/$name.signing_policy" <<POLICY
access_id_CA  X509    '$dn'
pos_rights    globus  CA:sign
cond_subjects globus  '"$BASE_DN/*"'
POLICY
    replace "$dir/$name.namespaces" <<NAMESPACES
TO Issuer "$dn" \\
  PERMIT Subject "$BASE_DN/.*"
NAMESPACES
    replace "$dir/$name.info" <<INFO
alias = $name
version = 1.0
status = accredited:classic
subjectdn = "$dn"
INFO
    # two hashes: today's, and the one of OpenSSL before 1.0
    for hash in $(openssl x509 -in "ca/$name/cert.pem" -noout -subject_hash -subject_hash_old); do
      for file in .pem:.0 .crl.pem:.r0 .signing_policy:.signing_policy .namespaces:.namespaces; do
        [[ -e $dir/$hash${file#*:} ]] || ln -sfn "$name${file%:*}" "$dir/$hash${file#*:}"
      done
    done
  done
}

make_pki() {
  local row
  mkdir ca host users
  make_keys
  while read -r -a row; do make_authority "${row[0]}" "${row[*]:1}"; done < <(table "$AUTHORITIES")
  while read -r -a row; do make_host "${row[@]}"; done < <(table "$HOSTS")
  while read -r -a row; do make_user "${row[@]:0:4}" "${row[*]:4}"; done < <(table "$USERS")
  make_key_formats
  with_ca WorldCA ca -gencrl -crl_lastupdate "$(date -u -d '-1 day' +%Y%m%d%H%M%SZ)" \
    -crl_nextupdate "$(date -u -d '-1 hour' +%Y%m%d%H%M%SZ)" -out ca/WorldCA/crl-expired.pem
}

# pki: makes what is missing or about to end, all of it at a change of these scripts. A PKI that was not finished,
# its mark is missing, counts as none.
pki() {
  local version row name
  version=$(cat "$here"/{pki.sh,common.sh,openssl.cnf} | cksum)
  if [[ $(cat ca/finished 2>/dev/null) != "$version" ]] ||
    ! openssl x509 -in host/hostcert.pem -noout -checkend $((7 * 86400)) >/dev/null; then
    rm -rf ca host users certificates certificates-expiredcrl certificates-empty
    log "making keys and certificates"
    make_pki
    echo "$version" >ca/finished
  fi
  if ! openssl x509 -in users/short/usercert.pem -noout -checkend $SHORT_RENEW >/dev/null; then
    read -r -a row < <(table "$USERS" | grep ^short)
    make_user "${row[@]:0:4}" "${row[*]:4}"
  fi
  for name in "${PUBLISHED[@]}"; do
    if [[ -z $(find "ca/$name" -name crl.pem -mtime -1) ]]; then
      with_ca "$name" ca -gencrl -out "ca/$name/crl.pem"
    fi
  done
  mkdir -p certificates-empty
  trust_store certificates crl.pem
  trust_store certificates-expiredcrl crl-expired.pem
}
