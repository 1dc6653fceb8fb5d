complete -c voms-verify -l certdir -d 'Directory of trusted CAs (default X509_CERT_DIR, then the usual places)' -r -F
complete -c voms-verify -l vomsdir -d 'Directory that says whose attribute certificates are trusted (default X509_VOMS_DIR, then the usual places)' -r -F
complete -c voms-verify -l crl -d 'When to check revocation lists' -r -f -a "off\t''
present\t''
required\t''"
complete -c voms-verify -l allow -d 'Accept this weakness instead of rejecting it; repeatable' -r -f -a "rsa1024\t'RSA keys from 1024 bits'
sha1\t''
md5\t''"
complete -c voms-verify -l host -d 'A name of the service, for attributes that are meant for certain hosts; may be repeated (default: the name of this machine)' -r
complete -c voms-verify -l at -d 'Verify as of this time, in RFC 3339' -r
complete -c voms-verify -l json -d 'Print the verdict as JSON on stdout, whatever it is'
complete -c voms-verify -s h -l help -d 'Show this help'
complete -c voms-verify -s V -l version -d 'Show the version'
