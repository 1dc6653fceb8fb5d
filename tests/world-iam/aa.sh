# The attribute authority: its program and the profiles of it. Sourced by `up`.
# shellcheck shell=bash disable=SC2154

java=/usr/share/java
class_path=$java/voms-api-java.jar:$java/canl.jar:$java/bcprov.jar:$java/bcpkix.jar:$java/bcutil.jar
class_path+=:$java/commons-codec.jar:$java/commons-io.jar

compile_aa() {
  local version
  version=$(cat "$here"/*.java | cksum)
  [[ $(cat classes/version 2>/dev/null) != "$version" ]] || return 0
  rm -rf classes
  javac -J-XX:TieredStopAtLevel=1 -nowarn -d classes -cp "$class_path" "$here"/*.java >log/javac.log 2>&1 ||
    fail "the authority does not compile: see $world/log/javac.log"
  echo "$version" >classes/version
}

# profile NAME PORT HOST URI_PORT CREDENTIAL LEGACY_FQANS
profile() {
  printf "$1.%s\n" "port=$2" "vo=$VO" "host=$3" "uriPort=$4" "cert=$world/host/$5cert.pem" "key=$world/host/$5key.pem" \
    maxLifetime=43200 "legacyFqans=$6"
}

aa_files() {
  replace conf/accounts <ca/accounts # a test may have changed it
  {
    echo "accounts=$world/conf/accounts"
    echo "log=$world/log/aa.log"
    echo "profiles=main legacy ec broken web"
    profile main $((port + 16)) $AA_HOST "$port" aa false
    profile legacy $((port + 17)) $INNER_HOST 8080 aa true
    profile ec $((port + 18)) $EC_HOST $((port + 10)) ec false
    profile broken $((port + 19)) $AA_HOST $((port + 13)) unfit false
    echo "web.port=$((port + 15))"
  } | replace conf/aa.properties
}
