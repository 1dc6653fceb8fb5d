# nginx: a front for each port of the table in README.md. Sourced by `up`.
# shellcheck shell=bash disable=SC2154

build_preload() {
  [[ ! run/shim.so -nt $here/shim.c ]] || return 0
  gcc -O1 -Wall -shared -fPIC "$here/shim.c" -o run/shim.so.new >log/shim.log 2>&1 ||
    fail "shim.c does not compile: see $world/log/shim.log"
  mv run/shim.so.new run/shim.so
}

# message CODE TEXT: one of the pages that lie about in IAM's sample set-up
message() {
  cat <<XML
<?xml version="1.0"?>
<voms>
  <error>
    <code>$1</code>
    <message>$2</message>
  </error>
</voms>
XML
}

pages() {
  message 1006 "Internal server error: the VOMS server is not really working as it should..." |
    replace www/error/voms-50x-error.xml
  message 1005 "SSL certificate error: invalid or missing client certificate." | replace www/error/voms-cert-error.xml
  replace www/small.html <<'HTML'
<!DOCTYPE html>
<html><head><title>Welcome to virgo</title></head><body><h1>Welcome to virgo</h1></body></html>
HTML
  {
    echo '<!DOCTYPE html>'
    echo '<html><head><title>Welcome to virgo</title></head><body>'
    head -c 5M < <(yes '<p>This page is long.</p>')
    echo '</body></html>'
  } | replace www/large.html
}

# front OFFSET CREDENTIAL VERIFY "DIRECTIVES OF THE SERVER" "DIRECTIVES OF THE LOCATION"
front() {
  local revocation=''
  [[ $3 == optional_no_ca ]] || revocation="ssl_crl $world/host/client-crls.pem;"
  cat <<FRONT
  server {
    listen 127.0.0.1:$((port + $1)) ssl;
    server_name $AA_HOST;
    ssl_protocols TLSv1.2;
    ssl_certificate $world/host/$2cert.pem;
    ssl_certificate_key $world/host/$2key.pem;
    ssl_client_certificate $world/host/client-cas.pem;
    ssl_verify_client $3;
    $revocation
    ssl_verify_depth 100;
    root $world/www/empty;
    $4
    location = /generate-ac { $5 }
  }
FRONT
}

# to OFFSET: to one of the authority's ports
to() { echo "default_type application/xml; proxy_pass http://127.0.0.1:$((port + $1)); include $world/conf/headers;"; }

# page FILE
page() { echo "default_type text/html; alias $world/www/$1;"; }

fronts() {
  local retry='add_header Retry-After 120 always;' xml_errors
  xml_errors="error_page 495 496 /voms-cert-error.xml; error_page 500 502 503 504 /voms-50x-error.xml;
    location ~ ^/voms-(50x|cert)-error[.]xml\$ { internal; root $world/www/error; types { text/xml xml; } }"
  front 0 aa on "" "$(to 16)"
  front 1 aa on "$xml_errors" "$(to 16)"
  front 2 renewed on "" "$(to 16)"
  front 3 lb on "" "$(to 16)"
  front 4 aa on "" "$(to 17)"
  front 5 aa optional_no_ca "" "$(to 16)"
  front 6 iam optional "location / { $(to 15) }" "$(to 15)"
  front 7 aa on "" "$(to 14)"
  front 8 aa on "" "$retry return 503;"
  front 9 aa on "" "$retry return 429;"
  front 10 ec on "" "$(to 18)"
  front 11 aa on "$xml_errors" "$(to 14)"
  front 12 aa on "" "proxy_read_timeout 2s; proxy_set_header X-World-Delay 6000; $(to 16)"
  front 13 aa on "" "$(to 19)"
  front 20 aa on "" "proxy_set_header X-World-Encoding gzip; $(to 16)"
  front 21 aa on "" "proxy_set_header X-World-Encoding chunked; $(to 16)"
  front 22 aa on "" "return 302 https://\$http_host\$request_uri;"
  front 23 aa on "" "$(page small.html)"
  front 24 aa on "" "$(page large.html)"
}

nginx_files() {
  pages
  replace conf/headers <<'HEADERS'
proxy_set_header X-Real-IP $remote_addr;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto https;
proxy_set_header Host $http_host;
proxy_set_header X-Request-Id $request_id;
proxy_set_header X-SSL-Client-I-Dn $ssl_client_i_dn;
proxy_set_header X-SSL-Client-S-Dn $ssl_client_s_dn;
proxy_set_header X-SSL-Client-Serial $ssl_client_serial;
proxy_set_header X-SSL-Client-V-Start $ssl_client_v_start;
proxy_set_header X-SSL-Client-V-End $ssl_client_v_end;
proxy_set_header X-SSL-Client-Verify $ssl_client_verify;
proxy_set_header X-SSL-Protocol $ssl_protocol;
proxy_set_header X-SSL-Server-Name $ssl_server_name;
proxy_set_header X-SSL-Session-Reused $ssl_session_reused;
proxy_set_header x-ssl_client_ee_cert $ssl_client_escaped_cert;
proxy_set_header x-ssl_client_ee_s_dn $ssl_client_s_dn;
proxy_set_header x-ssl_client_ee_i_dn $ssl_client_i_dn;
HEADERS
  {
    [[ $(id -u) != 0 ]] || echo "user root;" # the world's directory may be closed to others
    cat <<CONF
worker_processes 1;
daemon off;
pid $world/run/nginx.own.pid;
error_log $world/log/nginx-error.log info;
events { worker_connections 256; }
http {
  default_type application/octet-stream;
  log_format iam '\$server_port \$status "\$request" \$ssl_protocol \$ssl_client_verify "\$ssl_client_s_dn" '
    '"\$http_user_agent" \$body_bytes_sent';
  access_log $world/log/access.log iam;
  keepalive_timeout 65;
  ssl_session_cache shared:SSL:1m;
  ssl_session_timeout 10m;
  client_body_temp_path $world/tmp/body;
  proxy_temp_path $world/tmp/proxy;
  fastcgi_temp_path $world/tmp/fastcgi;
  uwsgi_temp_path $world/tmp/uwsgi;
  scgi_temp_path $world/tmp/scgi;
CONF
    fronts
    echo "}"
  } | replace conf/nginx.conf
}
