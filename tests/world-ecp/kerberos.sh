# The realm: its KDC's configuration and database, keytabs and ticket caches. Sourced by `up`; all paths are relative to
# the world.
# shellcheck shell=bash disable=SC2154

# krb5_conf KDC_PORT: nothing of it asks the DNS
krb5_conf() {
  cat <<CONF
[libdefaults]
  default_realm = $REALM
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
  kdc_timeout = 3
[realms]
  $REALM = {
    kdc = 127.0.0.1:$1
  }
[domain_realm]
  .ligo.org = $REALM
  .world.example = $REALM
  localhost = $REALM
CONF
}

kerberos_files() {
  krb5_conf "$kdc_port" | replace krb5/krb5.conf
  krb5_conf "$dead_port" | replace krb5/nokdc.conf
  replace krb5/kdc.conf <<CONF
[kdcdefaults]
  kdc_listen = 127.0.0.1:$kdc_port
  kdc_tcp_listen = 127.0.0.1:$kdc_port
[realms]
  $REALM = {
    database_name = $world/krb5/principal
    key_stash_file = $world/krb5/stash
    acl_file = $world/krb5/kadm5.acl
    supported_enctypes = aes256-cts-hmac-sha1-96:normal aes128-cts-hmac-sha1-96:normal
    max_life = 30d
  }
[logging]
  kdc = FILE:$world/log/krb5kdc.log
  admin_server = FILE:$world/log/kadmin.log
CONF
}

# With this file in place the tools below need no port yet.
kerberos_database() {
  local user password host
  export KRB5_CONFIG=$world/krb5/krb5.conf KRB5_KDC_PROFILE=$world/krb5/kdc.conf
  [[ $(cat krb5/finished 2>/dev/null) != "$(cat "$here"/{kerberos.sh,common.sh} | cksum)" ]] || return 0
  log "making the realm $REALM"
  stop_process run/krb5kdc.pid "$world/run/krb5kdc.mit.pid"
  rm -rf krb5
  mkdir krb5
  kdc_port=1 dead_port=1 kerberos_files
  {
    kdb5_util create -s -r "$REALM" -P world &&
      {
        while read -r user password _; do
          echo "addprinc -pw $password $user"
          echo "ktadd -norandkey -k $world/krb5/users.keytab $user"
        done < <(table "$USERS")
        # the rogue one too: so a client has a ticket to give away
        for host in $LOGIN_NAMES $LOGIN2_NAMES rogue.world.example localhost; do
          echo "addprinc -randkey HTTP/$host"
          [[ $host == rogue* ]] || echo "ktadd -k $world/krb5/http.keytab HTTP/$host"
        done
      } | kadmin.local -r "$REALM"
  } >>log/kerberos.log 2>&1 || true
  # kadmin.local has no exit code to rely on
  [[ -s krb5/http.keytab && -s krb5/users.keytab ]] ||
    fail "the realm can't be made: see $world/log/kerberos.log"
  cat "$here"/{kerberos.sh,common.sh} | cksum >krb5/finished
}

# ticket CACHE USER LIFE: the cache appears in one step
ticket() {
  kinit -k -t krb5/users.keytab -l "$3" -c "FILE:$world/krb5/$1.new" "$2" >>log/kerberos.log 2>&1 ||
    fail "no ticket for $2: see $world/log/kerberos.log and krb5kdc.log"
  mv "krb5/$1.new" "krb5/$1"
}

# They last a week, and are renewed daily; when is in a file, for clients put tickets of their own into the caches. The
# expired one has expired when `up` ends: it lasts a second.
tickets() {
  local user
  [[ -e krb5/cc-expired ]] || ticket cc-expired albert.einstein 1s
  [[ -z $(find krb5 -name renewed -mtime -1) ]] || return 0
  while read -r user _; do ticket "cc-$user" "$user" 7d; done < <(table "$USERS")
  touch krb5/renewed
}
