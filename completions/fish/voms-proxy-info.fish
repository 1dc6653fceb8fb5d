complete -c voms-proxy-info -l file -d 'The proxy (default X509_USER_PROXY or /tmp/x509up_u<uid>)' -r -F
complete -c voms-proxy-info -l acexists -d 'Exit 0 only if there are attributes of this VO; repeatable' -r
complete -c voms-proxy-info -l valid -d 'Exit 0 only if the proxy is valid for this long' -r
complete -c voms-proxy-info -l hours -d 'The same in whole hours' -r
complete -c voms-proxy-info -s b -l bits -d 'Exit 0 only if its key has at least this many bits' -r
complete -c voms-proxy-info -l certdir -d 'Directory of trusted CAs' -r -F
complete -c voms-proxy-info -l vomsdir -d 'Directory that says whose attribute certificates are trusted' -r -F
complete -c voms-proxy-info -l conf -d 'Read options from FILE; those of the command line win' -r -F
complete -c voms-proxy-info -l all -d 'Everything, with the attributes of every VO'
complete -c voms-proxy-info -l text -d 'The same, and the certificate as OpenSSL prints it'
complete -c voms-proxy-info -l chain -d 'One block for each certificate of the chain, then the proxy'
complete -c voms-proxy-info -l subject -d 'Subject of the proxy'
complete -c voms-proxy-info -l issuer -d 'Issuer of the proxy'
complete -c voms-proxy-info -l identity -d 'The user'
complete -c voms-proxy-info -l type -d 'Kind of proxy'
complete -c voms-proxy-info -l strength -d 'Size of its key in bits'
complete -c voms-proxy-info -s p -l path -d 'Path of the file'
complete -c voms-proxy-info -s k -l keyusage -d 'What its key may be used for'
complete -c voms-proxy-info -l timeleft -d 'Seconds that the proxy has left'
complete -c voms-proxy-info -l included-file -d 'The file that was included in it'
complete -c voms-proxy-info -l vo -d 'The VOs'
complete -c voms-proxy-info -l acsubject -d 'The holder of the attributes, VO by VO'
complete -c voms-proxy-info -l acissuer -d 'Who signed the attributes'
complete -c voms-proxy-info -l uri -d 'The servers that issued the attributes'
complete -c voms-proxy-info -l actimeleft -d 'Seconds that the attributes have left, VO by VO'
complete -c voms-proxy-info -l fqan -d 'The groups and roles, primary first'
complete -c voms-proxy-info -l serial -d 'Serial numbers of the attribute certificates, in hexadecimal'
complete -c voms-proxy-info -l targets -d 'The hosts that the attributes are for'
complete -c voms-proxy-info -s e -l exists -d 'Exit 0 if there is a valid proxy'
complete -c voms-proxy-info -l strict -d 'Exit 1 if the attributes cannot be verified'
complete -c voms-proxy-info -l dont-verify-ac -d 'Do not verify the attributes'
complete -c voms-proxy-info -l rfc2253 -d 'Print names in the form of RFC 2253'
complete -c voms-proxy-info -l json -d 'Print everything as JSON (schema/info.json)'
complete -c voms-proxy-info -l debug -d 'Log to stderr which files are used'
complete -c voms-proxy-info -s h -l help -d 'Show this help'
complete -c voms-proxy-info -s V -l version -d 'Show the version'
