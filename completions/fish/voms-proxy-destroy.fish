complete -c voms-proxy-destroy -l file -d 'The proxy (default X509_USER_PROXY or /tmp/x509up_u<uid>)' -r -F
complete -c voms-proxy-destroy -l conf -d 'Read options from FILE; those of the command line win' -r -F
complete -c voms-proxy-destroy -l dry -d 'Only say what would be removed'
complete -c voms-proxy-destroy -l force -d 'Remove the file even if it is not a proxy'
complete -c voms-proxy-destroy -s q -l quiet -d 'Print nothing'
complete -c voms-proxy-destroy -l debug -d 'Log to stderr what is removed'
complete -c voms-proxy-destroy -s h -l help -d 'Show this help'
complete -c voms-proxy-destroy -s V -l version -d 'Show the version'
