complete -c voms-proxy-fake -l voms -d 'The VO' -r
complete -c voms-proxy-fake -l hostcert -d 'Certificate of the host that signs' -r -F
complete -c voms-proxy-fake -l hostkey -d 'Its key' -r -F
complete -c voms-proxy-fake -l fqan -d 'A group or role, in the order given; repeatable' -r
complete -c voms-proxy-fake -l uri -d 'The server that the attributes name (default localhost:15000)' -r
complete -c voms-proxy-fake -l ga -d 'A generic attribute; repeatable' -r
complete -c voms-proxy-fake -l cert -d 'Your certificate: PEM, PKCS#12, or a proxy' -r -F
complete -c voms-proxy-fake -l key -d 'Your private key' -r -F
complete -c voms-proxy-fake -l out -d 'Where to write the proxy (default X509_USER_PROXY or /tmp/x509up_u<uid>)' -r -F
complete -c voms-proxy-fake -l target -d 'Make attributes that only this host accepts; repeatable' -r
complete -c voms-proxy-fake -l conf -d 'Read options from FILE; those of the command line win' -r -F
complete -c voms-proxy-fake -l hours -d 'Life of the proxy in hours' -r
complete -c voms-proxy-fake -l valid -d 'Life of proxy and attributes (default 12:00)' -r
complete -c voms-proxy-fake -l vomslife -d 'Life of the attributes alone' -r
complete -c voms-proxy-fake -l bits -d 'Size of the proxy\'s RSA key (default 2048)' -r
complete -c voms-proxy-fake -l path-length -d 'How many proxies may be made below this one' -r
complete -c voms-proxy-fake -l force -d 'Accepted for compatibility; an existing proxy is always replaced'
complete -c voms-proxy-fake -l newformat -d 'Accepted for compatibility; attributes are always in the new format'
complete -c voms-proxy-fake -l limited -d 'Make a limited proxy'
complete -c voms-proxy-fake -l rfc -d 'Make an RFC 3820 proxy (default)'
complete -c voms-proxy-fake -l old -d 'Make a legacy proxy'
complete -c voms-proxy-fake -l pwstdin -d 'Read the passphrase from standard input'
complete -c voms-proxy-fake -s q -l quiet -d 'Print nothing on success'
complete -c voms-proxy-fake -l debug -d 'Log each step to stderr'
complete -c voms-proxy-fake -s h -l help -d 'Show this help'
complete -c voms-proxy-fake -s V -l version -d 'Show the version'
