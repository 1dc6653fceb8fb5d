complete -c grid-change-pass-phrase -s f -l file -d 'The file with the key (default X509_USER_KEY or ~/.globus/userkey.pem)' -r -F
complete -c grid-change-pass-phrase -l pwstdin -d 'Read the passphrases from standard input, one a line: the old one if there is one, then the new one'
complete -c grid-change-pass-phrase -l no-passphrase -d 'Remove the passphrase: anyone who can read the file then has your identity'
complete -c grid-change-pass-phrase -s h -l help -d 'Show this help'
complete -c grid-change-pass-phrase -s V -l version -d 'Show the version'
