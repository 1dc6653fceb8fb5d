# Names, and helpers of `up` and `down`.
# shellcheck shell=bash disable=SC2034

NAME=world-iam
VO=virgo
BASE_DN=/DC=example/DC=iam-testbed
AA_HOST=voms-virgo.test.example    # in the usual host certificate, the AC and the name of the LSC file
LB_HOST=lb.test.example            # a front with its own certificate
EC_HOST=voms-ec.test.example
IAM_HOST=iam-virgo.test.example
INNER_HOST=vomsaa.internal.example # what the AC says if the authority does not know its own name
PORTS=30
MARK=.voms-test-world-iam          # a file that tells a world from any other directory

# daemon, and a word in its command line, to which the world's directory belongs
DAEMONS='
aa     conf/aa.properties
nginx  conf/nginx.conf
'

# vomses-NAME, the offset of its port, the host certificate shown there
FRONTS='
main      0   aa
xmlerr    1   aa
renewed   2   renewed
lb        3   lb
legacy    4   aa
optional  5   aa
web       6   iam
down      7   aa
busy503   8   aa
busy429   9   aa
ec        10  ec
xmldown   11  aa
slow      12  aa
broken    13  aa
dead      14  aa
gzip      20  aa
chunked   21  aa
loop      22  aa
html      23  aa
bightml   24  aa
'

# shellcheck source-path=SCRIPTDIR source=../worlds/common.sh
source "$here/../worlds/common.sh"

# nginx's workers have another command line, but the preload is this world's
is_ours() { grep -qaF -- "${2%/conf/*}/run/shim.so" "$1/maps"; }
