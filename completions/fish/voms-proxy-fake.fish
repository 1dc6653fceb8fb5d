complete -c voms-proxy-fake -l voms -d 'The VO; without one the proxy has no attributes' -r
complete -c voms-proxy-fake -l hostcert -d 'Certificate of the host that signs' -r -F
complete -c voms-proxy-fake -l hostkey -d 'Its key' -r -F
complete -c voms-proxy-fake -l fqan -d 'A group or role, in the order given; repeatable' -r
complete -c voms-proxy-fake -l uri -d 'The server that the attributes name (default localhost:15000)' -r
complete -c voms-proxy-fake -l ga -d 'A generic attribute; repeatable' -r
complete -c voms-proxy-fake -l target -d 'Make attributes that only this host accepts; repeatable' -r
complete -c voms-proxy-fake -l pastac -d 'Start the life of the attributes this long ago' -r
complete -c voms-proxy-fake -l acextension -d 'Add an extension to the attributes; repeatable. The value is text, or hexadecimal after #' -r
complete -c voms-proxy-fake -l voinfo -d 'Take VOs with their attributes from FILE, a section [VO] for each with lines -option=value' -r -F
complete -c voms-proxy-fake -l separate -d 'Write the attribute certificates to FILE, and no proxy' -r -F
complete -c voms-proxy-fake -l cert -d 'Your certificate: PEM, PKCS#12, or a proxy' -r -F
complete -c voms-proxy-fake -l key -d 'Your private key' -r -F
complete -c voms-proxy-fake -l out -d 'Where to write the proxy (default X509_USER_PROXY or /tmp/x509up_u<uid>)' -r -F
complete -c voms-proxy-fake -l certdir -d 'Accepted for compatibility; no CA is asked' -r -F
complete -c voms-proxy-fake -l globus -d 'Accepted for compatibility; has no effect' -r
complete -c voms-proxy-fake -l include -d 'Put this file into the proxy' -r -F
complete -c voms-proxy-fake -l conf -d 'Read options from FILE; those of the command line win' -r -F
complete -c voms-proxy-fake -l hours -d 'Life of proxy and attributes in hours' -r
complete -c voms-proxy-fake -l valid -d 'Life of proxy and attributes (default 12:00)' -r
complete -c voms-proxy-fake -l vomslife -d 'Life of the attributes alone' -r
complete -c voms-proxy-fake -l pastproxy -d 'Start the life of the proxy this long ago' -r
complete -c voms-proxy-fake -l bits -d 'Size of the proxy\'s RSA key (default 2048)' -r
complete -c voms-proxy-fake -l proxyver -d 'Kind of proxy: 2 legacy, 3 draft, 4 RFC 3820' -r
complete -c voms-proxy-fake -l path-length -d 'How many proxies may be made below this one (default 1); -1 for any number' -r
complete -c voms-proxy-fake -l policy -d 'Make a proxy with the rules in FILE' -r -F
complete -c voms-proxy-fake -l policy-language -d 'Language of the rules' -r
complete -c voms-proxy-fake -l newsubject -d 'Subject of the proxy, such as /C=IT/CN=name' -r
complete -c voms-proxy-fake -l newissuer -d 'Issuer that the proxy names' -r
complete -c voms-proxy-fake -l newserial -d 'Serial number of the proxy in hexadecimal' -r
complete -c voms-proxy-fake -l extension -d 'Add an extension to the proxy; repeatable. The value is text, or hexadecimal after #' -r
complete -c voms-proxy-fake -l keyusage -d 'keyUsage of the proxy, such as digitalSignature,keyCertSign (default as in your certificate)' -r
complete -c voms-proxy-fake -l nscert -d 'Netscape certificate type: client, server, email, objsign, sslCA, emailCA, objCA' -r
complete -c voms-proxy-fake -l extkeyusage -d 'extKeyUsage of the proxy, such as clientAuth,1.2.3.4' -r
complete -c voms-proxy-fake -l newformat -d 'Name the holder by the issuer of the certificate, as RFC 5755 wants, and not by its subject'
complete -c voms-proxy-fake -l force -d 'Accepted for compatibility; an existing proxy is always replaced'
complete -c voms-proxy-fake -l verify -d 'Accepted for compatibility; nothing is verified'
complete -c voms-proxy-fake -l noregen -d 'Accepted for compatibility; has no effect'
complete -c voms-proxy-fake -l limited -d 'Make a limited proxy'
complete -c voms-proxy-fake -l rfc -d 'Make an RFC 3820 proxy (default)'
complete -c voms-proxy-fake -l old -d 'Make a legacy proxy'
complete -c voms-proxy-fake -l selfsigned -d 'Make a self-signed CA certificate, named by --newsubject, instead of a proxy'
complete -c voms-proxy-fake -l pwstdin -d 'Read the passphrase from standard input'
complete -c voms-proxy-fake -s q -l quiet -d 'Print nothing on success'
complete -c voms-proxy-fake -l debug -d 'Log each step to stderr'
complete -c voms-proxy-fake -s h -l help -d 'Show this help'
complete -c voms-proxy-fake -s V -l version -d 'Show the version'
