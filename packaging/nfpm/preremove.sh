#!/bin/sh
# Debian says "remove" or "deconfigure", rpm how many versions remain; an upgrade keeps what the administrator chose.
set -e
case ${1-} in
  remove | deconfigure | 0)
    for name in voms-proxy-init voms-proxy-info voms-proxy-destroy; do
      update-alternatives --remove "$name" "/usr/libexec/voms-proxy/$name"
    done
    ;;
esac
