# The PKI: authorities, hosts, users and the trust stores. Sourced by `up`; all paths are relative to the world.
# shellcheck shell=bash disable=SC2154

# NAME DIGEST, and the names of the authorities
declare -A AUTHORITY=(
  [WorldCA]="World CA"
  [WorldSHA1CA]="World SHA1 CA"
  [WorldUnpublishedCA]="World Unpublished CA"
  [WorldSubCA]="World Sub CA" # issued by WorldCA
)
PUBLISHED=(WorldCA WorldSHA1CA WorldSubCA)

# NAME            KEY      AUTHORITY           PROFILE   END                CN...
# END: days after today, or one of the words that `user_dates` knows
USERS='
alice             rsa2048  WorldCA             person    395      Alice Adams
carol             rsa2048  WorldCA             person    395      Carol Clark
dave              rsa2048  WorldCA             person    395      Dave Dunn
erin              rsa2048  WorldCA             person    395      Erin Evans
grace             p256     WorldCA             person_ec 395      Grace Gray
judy              p384     WorldCA             person_ec 395      Judy Jones
heidi             rsa4096  WorldCA             person    395      Heidi Hill
zoe               rsa2048  WorldCA             person    395      Zoë Müller
ivan              rsa2048  WorldSubCA          person    395      Ivan Ivanov
short             rsa2048  WorldCA             person    short    Short Lived
expired           rsa2048  WorldCA             person    past     Expired User
notyet            rsa2048  WorldCA             person    future   Future User
revoked           rsa2048  WorldCA             person    395      Revoked User
sha1              rsa2048  WorldSHA1CA         person    395      Sha One
mallory           rsa2048  WorldUnpublishedCA  person    395      Mallory Moss
email             rsa2048  WorldCA             person    395      Robot: data\/mover/emailAddress=robot@world.example
'
SHORT_RENEW=7200 # seconds before its end at which `short` gets a new certificate

# when PHRASE: as `openssl ca` wants it
when() { date -u -d "$*" +%Y%m%d%H%M%SZ; }

# subject CERT, hashes of a certificate's subject
subject() { openssl x509 -in "$1" -noout -subject -nameopt compat | sed 's/^subject=//'; }
hashes() { openssl x509 -in "$1" -noout -subject_hash -subject_hash_old; }

# replace FILE: with standard input, at once and only if it differs, since tests may be reading it
replace() {
  cat >"$1.new"
  if cmp -s "$1.new" "$1"; then rm "$1.new"; else mv "$1.new" "$1"; fi
}

# ca_openssl AUTHORITY ca|req ARGUMENT...: with our configuration
ca_openssl() {
  local name=$1 command=$2 digest=sha256
  shift 2
  [[ $name != WorldSHA1CA ]] || digest=sha1
  CA_HOME=ca/$name CA_DIGEST=$digest HOST_NAMES=${HOST_NAMES:-DNS:unused} \
    openssl "$command" -config "$here/openssl.cnf" "$@" 2>>log/openssl.log ||
    fail "openssl $command failed: see $PWD/log/openssl.log"
}

# new_key KIND FILE
new_key() {
  local how
  case $1 in
    rsa*) how=(-algorithm RSA -pkeyopt "rsa_keygen_bits:${1#rsa}") ;;
    p*) how=(-algorithm EC -pkeyopt "ec_paramgen_curve:P-${1#p}") ;;
  esac
  (umask 077 && openssl genpkey -quiet "${how[@]}" -out "$2" 2>>log/openssl.log || openssl genpkey "${how[@]}" -out "$2" 2>>log/openssl.log)
}
