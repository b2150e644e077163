import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** What the script sets on a mailbox that got a message. */
export const newMailEntry = '/private/vendor/postern/new-mail';

/**
 * For Dovecot's `push_notification_lua`: says, in a dict of ours, that a user got a message, once it is stored. Not for
 * what somebody wrote themselves and gets as a copy for their other devices. Whatever goes wrong here, the message has
 * been delivered already.
 * Source: doc.dovecot.org/2.4.1/core/plugins/push_notification_lua.html; the same on 2.3.
 */
export const pushScript: string = `function dovecot_lua_notify_begin_txn(user)
  return { user = user }
end

function dovecot_lua_notify_event_message_new(context, event)
  if context.mailbox == nil and string.lower(event.from_address or "") ~= context.user.username then
    context.mailbox = event.mailbox
  end
end

function dovecot_lua_notify_end_txn(context, success)
  if context.mailbox == nil then return end
  local mailbox = context.user:mailbox(context.mailbox)
  mailbox:sync()
  mailbox:metadata_set("${newMailEntry}", "")
  mailbox:free()
end
`;

/** What Dovecot needs for that; in Debian the two with Lua are in the package dovecot-auth-lua. */
const plugins = ['01_mail_lua', '15_notify', '20_push_notification', '22_push_notification_lua'];

/** Whether Dovecot can run the script. With a plugin in its list that is not there it would deliver nothing. */
export function canPush(folder = '/usr/lib/dovecot/modules'): boolean {
  return plugins.every((name) => existsSync(join(folder, `lib${name}_plugin.so`)));
}
