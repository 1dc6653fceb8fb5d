# Names, and helpers of `up` and `down`.
# shellcheck shell=bash disable=SC2034

NAME=world-ecp
PORTS=20
MARK=.voms-test-world-ecp # a file that tells a world from any other directory
REALM=LIGO.ORG
# All names that the world answers to. What is not here, the proxies refuse.
SERVICE_NAMES='ecp.cilogon.org cilogon.org'
LOGIN_NAMES='login.ligo.org'
LOGIN2_NAMES='login2.ligo.org idp.world.example'
ROGUE_NAMES='rogue.world.example stolen.world.example'

# user, password, attributes that the IdPs have of him; see `attributes` in saml.sh
USERS='
albert.einstein  relativity-1905  all
marie.curie      polonium-1898    no-name
emmy.noether     schön:wort       all
'

# daemon, and a word in its command line, to which the world's directory belongs
DAEMONS='
connect    bin/connect.py
peers      bin/peers.py
krb5kdc    run/krb5kdc.mit.pid
shibd      shibboleth/shibboleth2.xml
apache     apache/httpd.conf
'

# shellcheck source-path=SCRIPTDIR source=../worlds/common.sh
source "$here/../worlds/common.sh"
