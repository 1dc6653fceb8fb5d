complete -c ecp-cert-info -s f -l file -d 'The credential (default X509_USER_PROXY or /tmp/x509up_u<uid>)' -r -F
complete -c ecp-cert-info -s v -l valid -d 'Fail unless it is valid for at least this long' -r
complete -c ecp-cert-info -l verbose -d 'Show the whole certificate as well'
complete -c ecp-cert-info -s e -l exists -d 'Print nothing; the exit code says whether it is valid'
complete -c ecp-cert-info -s s -l subject -d 'The subject'
complete -c ecp-cert-info -s i -l issuer -d 'The issuer'
complete -c ecp-cert-info -l type -d 'Its type'
complete -c ecp-cert-info -s t -l timeleft -d 'Seconds until it expires'
complete -c ecp-cert-info -l path -d 'Its path'
complete -c ecp-cert-info -s h -l help -d 'Show this help'
complete -c ecp-cert-info -s V -l version -d 'Show the version'
