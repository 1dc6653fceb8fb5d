complete -c grid-change-pass-phrase -s f -l file -d 'The file with the key (default X509_USER_KEY or ~/.globus/userkey.pem)' -r -F
complete -c grid-change-pass-phrase -l pwstdin -d 'Read the pass phrases from standard input, one a line: the old one if there is one, then the new one'
complete -c grid-change-pass-phrase -l no-passphrase -d 'Take the pass phrase away, so that whoever reads the file has your identity'
complete -c grid-change-pass-phrase -s h -l help -d 'Show this help'
complete -c grid-change-pass-phrase -s V -l version -d 'Show the version'
