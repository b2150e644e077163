import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * For Dovecot's `push_notification_lua`: leaves an empty file with the user's name in the folder, once a message is stored.
 * Not for what somebody wrote themselves and gets as a copy for their other devices. Nothing more, because `lmtp` runs it
 * while the reader's `imap` waits for the mailbox. Whatever goes wrong here, the message has been delivered already.
 * Source: doc.dovecot.org/2.4.1/core/plugins/push_notification_lua.html; the same on 2.3.
 */
export function pushScript(folder: string): string {
  return `function dovecot_lua_notify_begin_txn(user)
  return { name = user.username }
end

function dovecot_lua_notify_event_message_new(context, event)
  if string.lower(event.from_address or "") ~= context.name then context.isNews = true end
end

function dovecot_lua_notify_end_txn(context, success)
  if not context.isNews or string.find(context.name, "/", 1, true) then return end
  local file = io.open("${folder}/" .. context.name, "a")
  if file then file:close() end
end
`;
}

/** What Dovecot needs for that; in Debian the two with Lua are in the package dovecot-auth-lua. */
const plugins = ['01_mail_lua', '15_notify', '20_push_notification', '22_push_notification_lua'];

/** Whether Dovecot can run the script. With a plugin in its list that is not there it would deliver nothing. */
export function canPush(folder = '/usr/lib/dovecot/modules'): boolean {
  return plugins.every((name) => existsSync(join(folder, `lib${name}_plugin.so`)));
}
