complete -c ecp-get-cookie -s i -l identity-provider -d 'Your institution: a part of its name or address, or the whole ECP address (default ECP_IDP)' -r
complete -c ecp-get-cookie -s u -l username -d 'Your user name there' -r
complete -c ecp-get-cookie -l idp-list -d 'Where the identity providers are listed: an https address or a file (default ECP_IDP_LIST, then CILogon\'s)' -r
complete -c ecp-get-cookie -s c -l cookiefile -d 'The file of cookies (default /tmp/ecpcookie.u<uid>)' -r -F
complete -c ecp-get-cookie -s k -l kerberos -d 'Log in with your Kerberos ticket'
complete -c ecp-get-cookie -l pwstdin -d 'Read the password from standard input'
complete -c ecp-get-cookie -s l -l list-idps -d 'List the identity providers'
complete -c ecp-get-cookie -s d -l debug -d 'Log everything sent and received, except secrets'
complete -c ecp-get-cookie -s r -l reuse -d 'Do nothing if the file holds a session that the service knows'
complete -c ecp-get-cookie -s v -l verbose -d 'Report each step'
complete -c ecp-get-cookie -s X -l destroy -d 'Remove the file'
complete -c ecp-get-cookie -s h -l help -d 'Show this help'
complete -c ecp-get-cookie -s V -l version -d 'Show the version'
