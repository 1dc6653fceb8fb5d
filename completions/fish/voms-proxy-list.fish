complete -c voms-proxy-list -l voms -d 'Ask VO for attributes; repeatable. VO, VO:/group, VO:/group/Role=role or VO:all' -r
complete -c voms-proxy-list -l order -d 'Put this group or role first; repeatable' -r
complete -c voms-proxy-list -l target -d 'Make attributes that only this host accepts; repeatable' -r
complete -c voms-proxy-list -l separate -d 'Write the attribute certificates to FILE, and no proxy' -r -F
complete -c voms-proxy-list -l includeac -d 'Take the attribute certificates from FILE instead of from a server' -r -F
complete -c voms-proxy-list -l include -d 'Put this file into the proxy' -r -F
complete -c voms-proxy-list -l hours -d 'Life of the proxy in hours' -r
complete -c voms-proxy-list -l valid -d 'Life of proxy and attributes (default 12:00)' -r
complete -c voms-proxy-list -l vomslife -d 'Life of the attributes alone; 0:00 for the server\'s maximum' -r
complete -c voms-proxy-list -s b -l bits -d 'Size of the proxy\'s RSA key: 512, 1024, 2048, 3072 or 4096 (default 2048)' -r
complete -c voms-proxy-list -l key-type -d 'Kind of the proxy\'s key: rsa (default), or ec (P-256), which HTTPS services take and many others do not' -r
complete -c voms-proxy-list -l cert -d 'Your certificate: PEM, PKCS#12, or a proxy' -r -F
complete -c voms-proxy-list -s k -l key -d 'Your private key' -r -F
complete -c voms-proxy-list -l out -d 'Where to write the proxy (default X509_USER_PROXY or /tmp/x509up_u<uid>)' -r -F
complete -c voms-proxy-list -l certdir -d 'Directory of trusted CAs' -r -F
complete -c voms-proxy-list -l vomsdir -d 'Directory that says whose attribute certificates are trusted' -r -F
complete -c voms-proxy-list -l vomses -d 'File or directory with VOMS servers, instead of all others; repeatable' -r -F
complete -c voms-proxy-list -l policy -d 'Make a proxy with the rules in FILE' -r -F
complete -c voms-proxy-list -l policy-language -d 'Language of the rules' -r
complete -c voms-proxy-list -l proxyver -d 'Kind of proxy: 2 legacy, 3 draft, 4 RFC 3820' -r
complete -c voms-proxy-list -l path-length -d 'How many proxies may be made below this one' -r
complete -c voms-proxy-list -l timeout -d 'Timeout per server, in seconds (default 10)' -r
complete -c voms-proxy-list -l globus -d 'Accepted for compatibility; has no effect' -r
complete -c voms-proxy-list -l conf -d 'Read options from FILE; those of the command line win' -r -F
complete -c voms-proxy-list -l list -d 'Only list what could be asked for; nothing is written'
complete -c voms-proxy-list -l limited -d 'Make a limited proxy, which starts no jobs'
complete -c voms-proxy-list -l independent -d 'Make a proxy with none of your rights'
complete -c voms-proxy-list -s r -l rfc -d 'Make an RFC 3820 proxy (default)'
complete -c voms-proxy-list -l draft -d 'Make a proxy of the drafts before RFC 3820'
complete -c voms-proxy-list -l old -d 'Make a legacy proxy'
complete -c voms-proxy-list -s n -l noregen -d 'Make the new proxy from the present one'
complete -c voms-proxy-list -l pwstdin -d 'Read the passphrase from standard input'
complete -c voms-proxy-list -s q -l quiet -d 'Print nothing on success'
complete -c voms-proxy-list -l debug -d 'Log each step to stderr'
complete -c voms-proxy-list -l ignorewarn -d 'Suppress warnings from the server'
complete -c voms-proxy-list -s f -l failonwarn -d 'Write nothing if the server warns'
complete -c voms-proxy-list -l skip-chain-integrity-checks -d 'Do not verify your own certificate chain against the CAs'
complete -c voms-proxy-list -l skip-hostname-checks -d 'Accept a server whose certificate names another host, if a trusted CA issued it'
complete -c voms-proxy-list -l enable-legacy-protocol -d 'Accepted for compatibility; the legacy protocol is always tried'
complete -c voms-proxy-list -l dont-verify-ac -d 'Do not verify the attributes received'
complete -c voms-proxy-list -l verify -d 'Report that the new proxy was verified; it always is'
complete -c voms-proxy-list -l json -d 'Print the result as JSON (schema/init.json)'
complete -c voms-proxy-list -s h -l help -d 'Show this help'
complete -c voms-proxy-list -s V -l version -d 'Show the version'
