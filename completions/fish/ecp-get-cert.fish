complete -c ecp-get-cert -s i -l identity-provider -d 'Your institution: a part of its name or address, or the whole ECP address (default ECP_IDP)' -r
complete -c ecp-get-cert -s u -l username -d 'Your user name there' -r
complete -c ecp-get-cert -l idp-list -d 'Where the identity providers are listed: an https address or a file (default ECP_IDP_LIST, then CILogon\'s)' -r
complete -c ecp-get-cert -s f -l file -d 'Where the credential goes (default X509_USER_PROXY or /tmp/x509up_u<uid>)' -r -F
complete -c ecp-get-cert -s H -l hours -d 'Its lifetime in hours' -r
complete -c ecp-get-cert -s r -l reuse -d 'Keep the existing one if it is valid for at least this many more hours (default 1)' -r
complete -c ecp-get-cert -l service-url -d 'The service (default ECP_SERVICE_URL, then CILogon\'s)' -r
complete -c ecp-get-cert -s k -l kerberos -d 'Log in with your Kerberos ticket'
complete -c ecp-get-cert -l pwstdin -d 'Read the password from standard input'
complete -c ecp-get-cert -s l -l list-idps -d 'List the identity providers'
complete -c ecp-get-cert -s d -l debug -d 'Log everything sent and received, except secrets'
complete -c ecp-get-cert -s p -l proxy -d 'Make a proxy from it'
complete -c ecp-get-cert -l pkcs12 -d 'Have the service make the key and send it as PKCS#12, for services that know nothing else'
complete -c ecp-get-cert -s v -l verbose -d 'Report each step'
complete -c ecp-get-cert -s X -l destroy -d 'Remove the credential'
complete -c ecp-get-cert -s h -l help -d 'Show this help'
complete -c ecp-get-cert -s V -l version -d 'Show the version'
