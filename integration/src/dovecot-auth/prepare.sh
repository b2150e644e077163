# Prepares a container of the image "mail" once: a user for mail, the sockets' directory, Postfix with SASL on 587.
set -e
groupadd --gid 5000 vmail
useradd --uid 5000 --gid 5000 --no-create-home vmail
install -d -o vmail -g vmail /var/mail/v
install -d -m 0755 /run/postern
install -d /usr/lib/postern
install -m 0755 /postern/packages/dovecot-auth/dovecot/checkpassword /postern/packages/dovecot-auth/dovecot/hold-sockets /usr/lib/postern/
# As on a relay no client is looked up in DNS: a resolver that lets some questions lie would hold back greetings for seconds.
postconf -e smtpd_sasl_type=dovecot maillog_file=/var/log/mail.log smtpd_delay_reject=yes 'smtpd_client_restrictions=' smtputf8_enable=no smtpd_peername_lookup=no
postconf -M 'submission/inet=submission inet n - n - - smtpd'
postconf -P submission/inet/smtpd_sasl_auth_enable=yes submission/inet/syslog_name=postfix/submission
# Creates /var/spool/postfix/private, in which Dovecot wants to put its socket.
postfix start
