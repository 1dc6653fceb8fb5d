complete -c grid-proxy-info -s f -l file -d 'The proxy (default X509_USER_PROXY or /tmp/x509up_u<uid>)' -r -F
complete -c grid-proxy-info -s v -l valid -d 'With --exists: exit 0 only if the proxy is valid for this long' -r
complete -c grid-proxy-info -s h -l hours -d 'The same in whole hours' -r
complete -c grid-proxy-info -s b -l bits -d 'With --exists: exit 0 only if its key has at least this many bits' -r
complete -c grid-proxy-info -s s -l subject -d 'Subject of the proxy'
complete -c grid-proxy-info -s i -l issuer -d 'Issuer of the proxy'
complete -c grid-proxy-info -l identity -d 'The user'
complete -c grid-proxy-info -l type -d 'Kind of proxy'
complete -c grid-proxy-info -l timeleft -d 'Seconds that the proxy has left; -1 if it has expired'
complete -c grid-proxy-info -l strength -d 'Size of its key in bits'
complete -c grid-proxy-info -l all -d 'All of these, with labels'
complete -c grid-proxy-info -l text -d 'The certificate as OpenSSL prints it'
complete -c grid-proxy-info -l path -d 'Path of the file'
complete -c grid-proxy-info -l rfc2253 -d 'Print names in the form of RFC 2253'
complete -c grid-proxy-info -s e -l exists -d 'Exit 0 only if there is a valid proxy'
complete -c grid-proxy-info -l json -d 'Print everything that voms-proxy-info knows as JSON (schema/info.json)'
complete -c grid-proxy-info -l debug -d 'Log to stderr which file is used'
complete -c grid-proxy-info -l help -d 'Show this help'
complete -c grid-proxy-info -s V -l version -d 'Show the version'
