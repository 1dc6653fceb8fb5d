# Two CAs, of which clients know one, and the vault's certificates. Sourced by `up`; all paths are relative to the world.
# shellcheck shell=bash disable=SC2154

# authority NAME
authority() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/O=world-token/CN=$1 CA" \
    -addext keyUsage=critical,keyCertSign,cRLSign -keyout "pki/$1-ca.key" -out "pki/$1-ca.pem"
}

# host NAME AUTHORITY NAMES
host() {
  openssl req -newkey rsa:2048 -nodes -subj "/O=world-token/CN=$1" -keyout "pki/$1.key" -out "pki/$1.csr"
  openssl x509 -req -in "pki/$1.csr" -CA "pki/$2-ca.pem" -CAkey "pki/$2-ca.key" -CAcreateserial -days 30 \
    -out "pki/$1.pem" -extfile <(echo "subjectAltName=$3")
}

make_pki() {
  authority tls
  authority rogue
  host web tls DNS:localhost,IP:127.0.0.1
  host rogue rogue DNS:localhost,IP:127.0.0.1
  host other tls "DNS:$OTHER_HOST"
  mkdir pki/certificates
  cp pki/tls-ca.pem "pki/certificates/$(openssl x509 -in pki/tls-ca.pem -noout -subject_hash).0"
}

pki() {
  if [[ -e pki/finished ]] && openssl x509 -in pki/web.pem -noout -checkend 172800 >/dev/null; then return; fi
  log "making keys and certificates"
  rm -rf pki
  mkdir -m 700 pki
  make_pki 2>>log/openssl.log || fail "no PKI: see $world/log/openssl.log"
  touch pki/finished
}
