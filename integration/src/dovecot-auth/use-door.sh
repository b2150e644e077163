# use-door.sh DOOR VERSION: configures Dovecot and Postfix for one door from the files that operators paste.
set -e
door=$1 version=$2
files=/postern/packages/dovecot-auth/dovecot
here=/postern/integration/src/dovecot-auth
dovecot stop 2>/dev/null || true
# The old processes may outlive their master by a moment.
for i in $(seq 200); do pgrep -x 'dovecot|auth' >/dev/null || break; sleep 0.02; done
cp "$here/base-$version.conf" /etc/dovecot/dovecot.conf
case $door in
  static) cp "$here/static-$version.conf" /etc/dovecot/door.conf ;;
  *) cp "$files/$door-$version.conf" /etc/dovecot/door.conf ;;
esac
case $door in
  auth-protocol) postconf -e smtpd_sasl_path=private/postern-auth ;;
  *) postconf -e smtpd_sasl_path=private/auth ;;
esac
case $door in
  dict) sed "s/PUT-64-HEX-DIGITS-HERE/$(cat "$here/password-key")/" "$files/dict-2.3.conf.ext" >/etc/dovecot/postern-dict.conf.ext
    chgrp dovecot /etc/dovecot/postern-dict.conf.ext
    chmod 0640 /etc/dovecot/postern-dict.conf.ext ;;
  lua-http) cp "$files/postern-auth.lua" /etc/dovecot/postern-auth.lua ;;
esac
postfix reload 2>/dev/null
dovecot
