# The realm: its KDC's configuration and database, and keytabs. Sourced by `up`; all paths are relative to the world.
# shellcheck shell=bash disable=SC2154

kerberos_files() {
  mkdir -p krb5
  replace krb5/krb5.conf <<CONF
[libdefaults]
  default_realm = $REALM
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
[realms]
  $REALM = {
    kdc = 127.0.0.1:$kdc_port
  }
[domain_realm]
  localhost = $REALM
  .test.example = $REALM
CONF
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
  }
[logging]
  kdc = FILE:$world/log/krb5kdc.log
  admin_server = FILE:$world/log/kadmin.log
CONF
}

kerberos_database() {
  local user host
  export KRB5_CONFIG=$world/krb5/krb5.conf KRB5_KDC_PROFILE=$world/krb5/kdc.conf
  [[ ! -e krb5/finished ]] || return 0
  log "making the realm $REALM"
  rm -f krb5/principal* krb5/*.keytab krb5/stash
  {
    kdb5_util create -s -r "$REALM" -P world &&
      {
        for user in $USERS; do
          echo "addprinc -pw $PASSWORD $user"
          echo "ktadd -norandkey -k $world/krb5/$user.keytab $user"
        done
        for host in localhost "$OTHER_HOST"; do
          echo "addprinc -randkey host/$host"
          echo "ktadd -k $world/krb5/host.keytab host/$host"
        done
      } | kadmin.local -r "$REALM"
  } >>log/kerberos.log 2>&1 || true
  # kadmin.local has no exit code to rely on
  [[ -s krb5/host.keytab ]] || fail "the realm can't be made: see $world/log/kerberos.log"
  touch krb5/finished
}
