# What the PKIs of the worlds share. Sourced by the pki.sh of each; all paths are relative to the world.
# shellcheck shell=bash disable=SC2154

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

# with_ca AUTHORITY req|ca ARGUMENT...: openssl.cnf reads these variables
with_ca() {
  local name=$1 command=$2 digest=sha256
  shift 2
  [[ $name != *SHA1* ]] || digest=sha1
  CA_HOME=ca/$name CA_DB=ca/$name CA_DIGEST=$digest HOST_NAMES=${names:-DNS:none} \
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

# authority_files NAME: what `openssl ca` keeps its books in
authority_files() {
  mkdir "ca/$1/issued"
  touch "ca/$1/index"
  echo 1000 >"ca/$1/serial"
  echo 01 >"ca/$1/crlnumber"
}

# fresh_crl AUTHORITY DAYS: a new one if the last is older
fresh_crl() {
  if [[ -z $(find "ca/$1" -name crl.pem -mtime "-$2") ]]; then with_ca "$1" ca -gencrl -out "ca/$1/crl.pem"; fi
}

# key_for FILE KIND: the arguments of `openssl genpkey`
key_for() {
  case $2 in
    rsa*) echo "-out $1 -algorithm RSA -pkeyopt rsa_keygen_bits:${2#rsa}" ;;
    p*) echo "-out $1 -algorithm EC -pkeyopt ec_paramgen_curve:P-${2#p}" ;;
  esac
}

# Makes the keys that the lines of standard input ask for, as many at a time as there are processors.
generate_keys() {
  (umask 077 && xargs -L 1 -P "$(nproc)" openssl genpkey -quiet 2>>log/openssl.log) ||
    fail "key generation failed: see $PWD/log/openssl.log"
}

# make_user NAME KEY AUTHORITY VALIDITY CN
make_user() {
  local dir=users/$1 section=person
  [[ $2 == rsa* ]] || section=person_ec
  issue "$3" "$section" "$4" "$BASE_DN/O=Virgo/CN=$5" "$dir/userkey.pem" "$dir/usercert.pem"
  [[ $1 != revoked ]] || with_ca "$3" ca -revoke "$dir/usercert.pem" -crl_reason keyCompromise
}

# alice_formats: her key encrypted, and with the certificate as PKCS#12, both as browsers write it today and as they did
alice_formats() {
  local a=users/alice p=pass:$PASSPHRASE
  openssl pkcs8 -topk8 -v2 aes-256-cbc -in $a/userkey.pem -passout "$p" -out $a/userkey-enc.pem
  openssl pkcs12 -export -inkey $a/userkey.pem -in $a/usercert.pem -name alice -passout "$p" -out $a/user.p12
  openssl pkcs12 -export -legacy -inkey $a/userkey.pem -in $a/usercert.pem -name alice -passout "$p" -out $a/user-legacy.p12
}

# trust_files DIR AUTHORITY DN: laid out as IGTF does, but for the CRL
trust_files() {
  local dir=$1 name=$2 dn=$3 hash file
  replace "$dir/$name.pem" <"ca/$name/cert.pem"
  replace "$dir/$name.signing_policy" <<POLICY
access_id_CA  X509    '$dn'
pos_rights    globus  CA:sign
cond_subjects globus  '"$BASE_DN/*"'
POLICY
  replace "$dir/$name.namespaces" <<NAMESPACES
TO Issuer "$dn" \\
  PERMIT Subject "$BASE_DN/.*"
NAMESPACES
  # two hashes: today's, and the one of OpenSSL before 1.0
  for hash in $(openssl x509 -in "ca/$name/cert.pem" -noout -subject_hash -subject_hash_old); do
    for file in .pem:.0 .crl.pem:.r0 .signing_policy:.signing_policy .namespaces:.namespaces; do
      [[ -h $dir/$hash${file#*:} ]] || ln -s "$name${file%:*}" "$dir/$hash${file#*:}"
    done
  done
}

# renew_pki CERT DAYS FILES DIRECTORY...: makes the PKI anew if CERT ends within DAYS, if one of FILES or of the shared
# scripts has changed, or if it was not finished: then its mark is missing.
renew_pki() {
  local cert=$1 days=$2 version
  # shellcheck disable=SC2086 # several of them
  version=$(cat $3 "$here"/../worlds/{common,pki}.sh | cksum)
  shift 3
  if [[ $(cat ca/finished 2>/dev/null) == "$version" ]] &&
    openssl x509 -in "$cert" -noout -checkend $((days * 86400)) >/dev/null; then
    return
  fi
  rm -rf ca "$@"
  log "making keys and certificates"
  make_pki
  echo "$version" >ca/finished
}
