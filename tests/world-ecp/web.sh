# Configuration of Apache, which is all the web servers that behave, and the lists of IdPs. Sourced by `up`; all paths are
# relative to the world.
# shellcheck shell=bash disable=SC2154

# site NAME PORT PARTS: a virtual host that takes itself to be at https://NAME:PORT, which is not the port it listens on
# when a proxy leads there
site() {
  local part port=$2
  [[ $1 == localhost ]] || port=443
  printf '<VirtualHost 127.0.0.1:%s>\n' "$2"
  printf '  ServerName https://%s:%s\n' "$1" "$port"
  for part in tls $3; do printf '  Include %s/apache/%s.conf\n' "$world" "$part"; done
  printf '</VirtualHost>\n'
}

apache_files() {
  local port php=/usr/share/simplesamlphp/www name format='%{%FT%TZ}t\t%v\t%>s\t%r'
  for name in Accept PAOS Content-Type Authorization Cookie User-Agent; do format+="\\t$name=%{$name}i"; done
  mkdir -p apache www/include
  echo 'An open page.' | replace www/index.html
  printf '%s\n' 'text/html html' 'text/plain txt' | replace apache/mime.types
  replace apache/tls.conf <<CONF
DocumentRoot $world/www
SSLEngine on
SSLCertificateFile $world/web/web.pem
SSLCertificateKeyFile $world/web/web.key
CONF
  # /secure/CASE: getcert.py knows the cases
  for name in service retired; do
    {
      if [[ $name == retired ]]; then echo "ScriptAlias /secure/getcert $world/bin/getcert.py/retired"; fi
      cat <<CONF
ScriptAlias /secure $world/bin/getcert.py
SetEnv WORLD_ECP $world
<Location /secure>
  AuthType shibboleth
  ShibRequestSetting requireSession 1
  Require shib-session
</Location>
CONF
    } | replace apache/$name.conf
  done
  # login: the web server authenticates all, Basic too
  replace apache/login.conf <<CONF
SetEnv SIMPLESAMLPHP_CONFIG_DIR $world/login
Alias /simplesamlphp $php
Alias /idp$ECP_PATH $php/saml2/idp/SSOService.php
<Location /idp$ECP_PATH>
  SetHandler application/x-httpd-php
  AuthType GSSAPI
  AuthName "$REALM"
  GssapiCredStore keytab:$world/krb5/http.keytab
  GssapiAllowedMech krb5
  GssapiBasicAuth On
  GssapiBasicAuthMech krb5
  GssapiLocalName On
  Require valid-user
</Location>
CONF
  # login2: Basic is SimpleSAMLphp's affair
  replace apache/login2.conf <<CONF
SetEnv SIMPLESAMLPHP_CONFIG_DIR $world/login2
Alias /simplesamlphp $php
Alias /idp$ECP_PATH $php/saml2/idp/SSOService.php
Alias /idp-krb$ECP_PATH $php/saml2/idp/SSOService.php
<LocationMatch "^/idp(-krb)?$ECP_PATH">
  SetHandler application/x-httpd-php
  AuthName "$REALM"
  GssapiCredStore keytab:$world/krb5/http.keytab
  GssapiAllowedMech krb5
  GssapiLocalName On
</LocationMatch>
<Location /idp-krb>
  AuthType GSSAPI
  Require valid-user
</Location>
<If "%{REQUEST_URI} =~ m#^/idp/# && req('Authorization') =~ /^Negotiate /">
  AuthType GSSAPI
  Require valid-user
</If>
CONF
  {
    cat <<CONF
ServerRoot $world/apache
DefaultRuntimeDir $world/run
PidFile $world/run/httpd.pid
Mutex file:$world/run default
ServerName https://localhost:443
UseCanonicalName On
TypesConfig $world/apache/mime.types
StartServers 4
MinSpareServers 4
MaxRequestWorkers 50
KeepAliveTimeout 2
ErrorLog $world/log/apache-error.log
LogLevel warn
CONF
    for port in $sp_port $login_port $login2_port $retired_port; do echo "Listen 127.0.0.1:$port"; done
    for name in mpm_prefork authn_core authz_core authz_user alias env mime dir cgi socache_shmcb ssl auth_gssapi; do
      echo "LoadModule ${name}_module $modules/mod_$name.so"
    done
    cat <<CONF
LoadModule php_module $modules/$php_module
LoadModule mod_shib $modules/mod_shib.so
ShibConfig $world/shibboleth/shibboleth2.xml
# else mod_shib takes 'valid-user' to itself, also where there is no SAML
ShibCompatValidUser On
SSLSessionCache none
php_admin_flag display_errors off
LogFormat "$format" headers
CustomLog $world/log/web.log headers
<Directory />
  AllowOverride None
  Require all denied
</Directory>
<Directory $world/www>
  Require all granted
</Directory>
<Directory $world/bin>
  Options +ExecCGI
  Require all granted
</Directory>
<Directory $php>
  Require all granted
</Directory>
CONF
    for name in $SERVICE_NAMES localhost; do site "$name" "$sp_port" service; done
    site ecp.cilogon.org "$retired_port" retired
    site localhost "$retired_port" retired
    for name in $LOGIN_NAMES localhost; do site "$name" "$login_port" login; done
    for name in $LOGIN2_NAMES localhost; do site "$name" "$login2_port" login2; done
  } | replace apache/httpd.conf
}

# idp_list HOW: `names` or `direct`, where all is at localhost. The first lines are as in the real list, and lead nowhere.
idp_list() {
  local case
  cat <<LIST
https://idp.cf.ac.uk/idp$ECP_PATH Cardiff University
https://ecp-prod.fnal.gov/idp$ECP_PATH Fermi National Accelerator Laboratory
https://ecp-prod.fnal.gov/idp-krb$ECP_PATH Fermi National Accelerator Laboratory (Kerberos)
$(origin "$1" login.ligo.org "$login_port")/idp$ECP_PATH LIGO Scientific Collaboration
$(origin "$1" login2.ligo.org "$login2_port")/idp$ECP_PATH LIGO Scientific Collaboration 2
$(origin "$1" idp.world.example "$login2_port")/idp$ECP_PATH World University
$(origin "$1" idp.world.example "$login2_port")/idp-krb$ECP_PATH World University (Kerberos)
$(origin "$1" untrusted.world.example "$untrusted_port")/idp/forged/SAML2/SOAP/ECP Untrusted certificate
$(origin "$1" expired.world.example "$expired_port")/idp/forged/SAML2/SOAP/ECP Expired certificate
$(origin "$1" wrongname.world.example "$wrongname_port")/idp/forged/SAML2/SOAP/ECP Certificate of somebody else
$(origin "$1" mute.world.example "$mute_port")/idp/mute/SAML2/SOAP/ECP Mute before TLS
$(origin "$1" dead.world.example "$dead_port")/idp/dead/SAML2/SOAP/ECP Dead
LIST
  while read -r case; do
    echo "$(origin "$1" rogue.world.example "$rogue_port")/idp/$case/SAML2/SOAP/ECP Rogue $case"
  done < <(python3 -B "$here/peers.py" cases idp)
}

# origin HOW NAME PORT
origin() { if [[ $1 == direct ]]; then echo "https://localhost:$3"; else echo "https://$2"; fi; }

web_files() {
  apache_files
  idp_list names | replace www/include/ecpidps.txt
  idp_list direct | replace www/include/ecpidps-direct.txt
}
