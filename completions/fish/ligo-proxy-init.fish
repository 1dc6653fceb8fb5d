complete -c ligo-proxy-init -s i -l idp-host -d 'The host of the identity provider (default login.ligo.org, and login2.ligo.org if that fails)' -r
complete -c ligo-proxy-init -s H -l hours -d 'Its lifetime in hours' -r
complete -c ligo-proxy-init -s d -l debug -d 'Log everything sent and received, except secrets'
complete -c ligo-proxy-init -s v -l version -d 'Show the version'
complete -c ligo-proxy-init -s k -l kerberos -d 'Log in with your Kerberos ticket'
complete -c ligo-proxy-init -s p -l proxy -d 'Make a proxy from it'
complete -c ligo-proxy-init -s X -l destroy -d 'Remove the credential'
complete -c ligo-proxy-init -l pwstdin -d 'Read the password from standard input'
complete -c ligo-proxy-init -s h -l help -d 'Show this help'
