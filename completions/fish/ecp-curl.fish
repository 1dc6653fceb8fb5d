complete -c ecp-curl -s i -l identity-provider -d 'Your institution: a part of its name or address, or the whole ECP address (default ECP_IDP)' -r
complete -c ecp-curl -s u -l username -d 'Your user name there' -r
complete -c ecp-curl -l idp-list -d 'Where the identity providers are listed: an https address or a file (default ECP_IDP_LIST, then CILogon\'s)' -r
complete -c ecp-curl -s c -l cookiefile -d 'The file of cookies (default /tmp/ecpcookie.u<uid>)' -r -F
complete -c ecp-curl -s H -l header -d 'A header to send; repeatable' -r
complete -c ecp-curl -s o -l output -d 'Write the page to FILE' -r -F
complete -c ecp-curl -s k -l kerberos -d 'Log in with your Kerberos ticket'
complete -c ecp-curl -l pwstdin -d 'Read the password from standard input'
complete -c ecp-curl -s l -l list-idps -d 'List the identity providers'
complete -c ecp-curl -s d -l debug -d 'Log everything sent and received, except secrets'
complete -c ecp-curl -s s -l store-session-cookies -d 'Keep cookies that end with the session, so that the next call needs no login'
complete -c ecp-curl -s h -l help -d 'Show this help'
complete -c ecp-curl -s V -l version -d 'Show the version'
