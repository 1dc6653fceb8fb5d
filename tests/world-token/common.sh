# Names, and helpers of `up` and `down`.
# shellcheck shell=bash disable=SC2034

NAME=world-token
PORTS=10
MARK=.voms-test-world-token # a file that tells a world from any other directory
REALM=LIGO.ORG
OTHER_HOST=vault.test.example # in the certificate of one of the vault's ports
PASSWORD=relativity           # everybody's
USERS='albert.einstein marie.curie'

# daemon, and a word in its command line, to which the world's directory belongs
DAEMONS='
krb5kdc  run/krb5kdc.mit.pid
bao      conf/bao.hcl
issuers  bin/issuers.mjs
front    bin/front.py
'

# shellcheck source-path=SCRIPTDIR source=../worlds/common.sh
source "$here/../worlds/common.sh"
