#!/bin/sh
# The clients of C++ and Java have the priorities 50 and 90, and the same names of links.
set -e
for name in voms-proxy-init voms-proxy-info voms-proxy-destroy; do
  update-alternatives --install "/usr/bin/$name" "$name" "/usr/libexec/voms-proxy/$name" 100 \
    --slave "/usr/share/man/man1/$name.1.gz" "$name-man" "/usr/share/man/man1/${name}4.1.gz"
done
