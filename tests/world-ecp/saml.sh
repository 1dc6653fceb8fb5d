# Configuration of the two SimpleSAMLphp IdPs and of the Shibboleth SP. Sourced by `up`; all paths are relative to the world.
# shellcheck shell=bash disable=SC2154

ECP_PATH=/profile/SAML2/SOAP/ECP
SP_ENTITY=https://cilogon.org/shibboleth
idp_entity() { echo "https://$1.ligo.org/idp/shibboleth"; }
certificate() { sed -e '/-----/d' "saml/$1.pem" | tr -d '\n'; }
# All addresses that the SP may be found at
sp_origins() { printf '%s\n' https://ecp.cilogon.org "https://localhost:$sp_port" "https://localhost:$retired_port"; }

# attributes USER KIND: as PHP
attributes() {
  local name=${1%.*} surname=${1#*.} full
  name=${name^} surname=${surname^}
  full=" 'urn:oid:2.16.840.1.113730.3.1.241' => ['$name $surname'],"
  [[ $2 != no-name ]] || full=
  echo "['urn:oid:1.3.6.1.4.1.5923.1.1.1.6' => ['$1@$REALM'], 'urn:oid:2.5.4.42' => ['$name']," \
    "'urn:oid:2.5.4.4' => ['$surname'],$full 'urn:oid:0.9.2342.19200300.100.1.3' => ['$1@ligo.org']]"
}

# idp NAME SIGN_RESPONSE ENCRYPT_ASSERTION: not both, SimpleSAMLphp then spoils its signature on the way through SOAP
idp() {
  local name=$1 origin user password kind salt
  mkdir -p "$name"/{metadata,data,tmp,sessions}
  salt=$(cat "$name/salt" 2>/dev/null || openssl rand -hex 16 | tee "$name/salt")
  replace "$name/config.php" <<PHP
<?php
\$config = [
  'baseurlpath' => 'simplesamlphp/',
  'certdir' => '$world/saml/',
  'loggingdir' => '$world/log/',
  'datadir' => '$world/$name/data/',
  'tempdir' => '$world/$name/tmp',
  'metadatadir' => '$world/$name/metadata/',
  'metadata.sources' => [['type' => 'flatfile']],
  'timezone' => 'UTC',
  'secretsalt' => '$salt',
  'auth.adminpassword' => '$salt',
  'technicalcontact_email' => 'nobody@world.example',
  'errorreporting' => false,
  'logging.handler' => 'file',
  'logging.level' => SimpleSAML\\Logger::INFO,
  'logging.logfile' => '$name.log',
  'enable.saml20-idp' => true,
  'module.enable' => ['core' => true, 'saml' => true],
  'store.type' => 'phpsession',
  'session.phpsession.savepath' => '$world/$name/sessions',
  'session.cookie.secure' => true,
];
PHP
  {
    cat <<'PHP'
<?php
// Users whom the web server has authenticated by Kerberos are accepted. Others need one of these passwords.
if (!class_exists('WorldUsers')) {
  class WorldUsers extends \SimpleSAML\Module\core\Auth\UserPassBase {
    const USERS = [
PHP
    while read -r user password kind; do
      echo "      '$user' => ['$password', $(attributes "$user" "$kind")],"
    done < <(table "$USERS")
    cat <<'PHP'
    ];
    public function authenticate(&$state) {
      $user = $_SERVER['REMOTE_USER'] ?? '';
      if ($user === '') {
        parent::authenticate($state);
      } elseif (isset(self::USERS[$user])) {
        $state['Attributes'] = self::USERS[$user][1];
      } else {
        throw new \SimpleSAML\Error\Error('WRONGUSERPASS');
      }
    }
    protected function login($user, $password) {
      if (!isset(self::USERS[$user]) || self::USERS[$user][0] !== $password) {
        throw new \SimpleSAML\Error\Error('WRONGUSERPASS');
      }
      return self::USERS[$user][1];
    }
  }
}
$config = ['users' => ['WorldUsers']];
PHP
  } | replace "$name/authsources.php"
  replace "$name/metadata/saml20-idp-hosted.php" <<PHP
<?php
\$metadata['$(idp_entity "$name")'] = [
  'host' => '__DEFAULT__',
  'auth' => 'users',
  'saml20.ecp' => true,
  'privatekey' => 'idp.key',
  'certificate' => 'idp.pem',
  'saml20.sign.response' => $2,
  'assertion.encryption' => $3,
  'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
  'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient',
];
PHP
  {
    echo "<?php"
    echo "\$metadata['$SP_ENTITY'] = ["
    echo "  'certData' => '$(certificate sp)',"
    echo "  'AssertionConsumerService' => ["
    while read -r origin; do
      echo "    ['Binding' => 'urn:oasis:names:tc:SAML:2.0:bindings:PAOS', 'Location' => '$origin/Shibboleth.sso/SAML2/ECP'],"
    done < <(sp_origins)
    echo "  ],"
    echo "];"
  } | replace "$name/metadata/saml20-sp-remote.php"
}

sp() {
  local name logger
  mkdir -p shibboleth
  {
    echo '<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
    for name in login login2; do
      cat <<XML
  <EntityDescriptor entityID="$(idp_entity $name)">
    <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
      <KeyDescriptor use="signing">
        <ds:KeyInfo><ds:X509Data><ds:X509Certificate>$(certificate idp)</ds:X509Certificate></ds:X509Data></ds:KeyInfo>
      </KeyDescriptor>
      <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP" Location="https://$name.ligo.org/idp$ECP_PATH"/>
      <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
        Location="https://$name.ligo.org/idp/profile/SAML2/Redirect/SSO"/>
    </IDPSSODescriptor>
  </EntityDescriptor>
XML
    done
    echo '</EntitiesDescriptor>'
  } | replace shibboleth/idps.xml
  replace shibboleth/attribute-map.xml <<'XML'
<Attributes xmlns="urn:mace:shibboleth:2.0:attribute-map">
  <Attribute name="urn:oid:1.3.6.1.4.1.5923.1.1.1.6" id="eppn"/>
  <Attribute name="urn:oid:2.5.4.42" id="givenName"/>
  <Attribute name="urn:oid:2.5.4.4" id="sn"/>
  <Attribute name="urn:oid:0.9.2342.19200300.100.1.3" id="mail"/>
  <Attribute name="urn:oid:2.16.840.1.113730.3.1.241" id="displayName"/>
</Attributes>
XML
  replace shibboleth/attribute-policy.xml <<'XML'
<AttributeFilterPolicyGroup id="everything" xmlns="urn:mace:shibboleth:2.0:afp"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <AttributeFilterPolicy>
    <PolicyRequirementRule xsi:type="ANY"/>
    <AttributeRule attributeID="*"><PermitValueRule xsi:type="ANY"/></AttributeRule>
  </AttributeFilterPolicy>
</AttributeFilterPolicyGroup>
XML
  replace shibboleth/security-policy.xml <<'XML'
<SecurityPolicies xmlns="urn:mace:shibboleth:3.0:native:sp:config">
  <Policy id="default" validate="false">
    <PolicyRule type="MessageFlow" checkReplay="true" expires="60"/>
    <PolicyRule type="Conditions"><PolicyRule type="Audience"/></PolicyRule>
    <PolicyRule type="XMLSigning" errorFatal="true"/>
  </Policy>
  <ExcludedAlgorithms excludeDefaults="true"/>
</SecurityPolicies>
XML
  replace shibboleth/protocols.xml <<'XML'
<Protocols xmlns="urn:mace:shibboleth:2.0:native:sp:protocols">
  <Protocol id="SAML2">
    <Service id="SSO">
      <Initiator id="SAML2"/>
      <Binding id="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" path="/SAML2/POST"/>
      <Binding id="urn:oasis:names:tc:SAML:2.0:bindings:PAOS" path="/SAML2/ECP"/>
    </Service>
  </Protocol>
</Protocols>
XML
  for logger in shibd mod_shib; do
    replace shibboleth/$logger.logger <<CONF
log4j.rootCategory=INFO, file
log4j.category.Shibboleth-TRANSACTION=INFO, file
log4j.appender.file=org.apache.log4j.FileAppender
log4j.appender.file.fileName=$world/log/$logger.log
log4j.appender.file.layout=org.apache.log4j.PatternLayout
log4j.appender.file.layout.ConversionPattern=%d{%Y-%m-%d %H:%M:%S} %p %c: %m%n
CONF
  done
  replace shibboleth/shibboleth2.xml <<XML
<SPConfig xmlns="urn:mace:shibboleth:3.0:native:sp:config" clockSkew="180">
  <OutOfProcess logger="$world/shibboleth/shibd.logger"/>
  <InProcess logger="$world/shibboleth/mod_shib.logger"/>
  <TCPListener address="127.0.0.1" port="$shibd_port" acl="127.0.0.1"/>
  <ApplicationDefaults entityID="$SP_ENTITY" REMOTE_USER="eppn">
    <Sessions lifetime="28800" timeout="3600" relayState="ss:mem" checkAddress="false" handlerSSL="true" cookieProps="https">
      <SSO entityID="$(idp_entity login)" ECP="true">SAML2</SSO>
    </Sessions>
    <Errors supportContact="nobody@world.example"/>
    <MetadataProvider type="XML" path="$world/shibboleth/idps.xml"/>
    <AttributeExtractor type="XML" path="$world/shibboleth/attribute-map.xml"/>
    <AttributeFilter type="XML" path="$world/shibboleth/attribute-policy.xml"/>
    <CredentialResolver type="File" key="$world/saml/sp.key" certificate="$world/saml/sp.pem"/>
  </ApplicationDefaults>
  <SecurityPolicyProvider type="XML" path="$world/shibboleth/security-policy.xml"/>
  <ProtocolProvider type="XML" path="$world/shibboleth/protocols.xml"/>
</SPConfig>
XML
}

saml_files() {
  idp login true false
  idp login2 false true
  sp
}
