/*
 * postern_notify: tells an IDLE client of changes at once.
 *
 * Stock Dovecot watches a Maildir with inotify, but lets 500 ms pass between an event and the look into the mailbox
 * (lib-storage/mailbox-watch.c, NOTIFY_DELAY_MSECS), so that a burst of changes costs one look. A chat cannot wait for
 * that. This plugin watches the same two folders with an inotify descriptor of its own and asks for the look right away.
 * (Dovecot's own descriptor cannot serve: it calls only one watcher per folder, lib/ioloop-notify-inotify.c.)
 *
 * Stock's watch and its timers stay as they are: hibernation is built on them, and where no more inotify descriptors are
 * to be had (sysctl fs.inotify.max_user_instances) they do what they did without this plugin.
 */
#include "lib.h"
#include "ioloop.h"
#include "mail-storage-private.h"
#include "mail-storage-hooks.h"

#include <sys/inotify.h>
#include <unistd.h>

/* New mail is moved or linked into place, other clients' flags are renames in cur/, expunges unlink. Not IN_MOVED_FROM:
   our own look moves new mail from new/ to cur/. */
#define WATCHED_EVENTS (IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR)

struct postern_notify_mailbox {
	union mailbox_module_context module_ctx;
	struct io *io;
	int fd;
};

/* Dovecot loads a plugin only into the version whose headers it was compiled with. */
const char *postern_notify_plugin_version = DOVECOT_ABI_VERSION;

void postern_notify_plugin_init(struct module *module);
void postern_notify_plugin_deinit(void);

static MODULE_CONTEXT_DEFINE_INIT(postern_notify_module, &mail_storage_module_register);
#define CONTEXT_OF(box) MODULE_CONTEXT_REQUIRE(box, postern_notify_module)

static void postern_notify_stop(struct postern_notify_mailbox *watch)
{
	io_remove(&watch->io);
	i_close_fd(&watch->fd);
}

/* Something changed: what it was does not matter, because the look finds out. All events are taken off the descriptor,
   or it would stay readable; those of the look itself come back as one more look that finds nothing. */
static void postern_notify_changed(struct mailbox *box)
{
	struct postern_notify_mailbox *watch = CONTEXT_OF(box);
	char events[16 * 1024];

	while (read(watch->fd, events, sizeof(events)) > 0) ;
	if (box->notify_callback != NULL)
		box->notify_callback(box, box->notify_context);
}

static void postern_notify_start(struct mailbox *box, struct postern_notify_mailbox *watch)
{
	static const char *const folders[] = { "new", "cur" };
	const char *path;
	bool watching = FALSE;
	unsigned int i;

	if (mailbox_get_path_to(box, MAILBOX_LIST_PATH_TYPE_MAILBOX, &path) <= 0)
		return;
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd == -1)
		return;
	for (i = 0; i < N_ELEMENTS(folders); i++) {
		const char *folder = t_strconcat(path, "/", folders[i], NULL);
		if (inotify_add_watch(watch->fd, folder, WATCHED_EVENTS) != -1)
			watching = TRUE;
	}
	if (watching)
		watch->io = io_add(watch->fd, IO_READ, postern_notify_changed, box);
	else
		i_close_fd(&watch->fd); /* not a Maildir, or it has just vanished */
}

/* Called when a client starts to wait for changes, and when it stops (the callback is NULL then). */
static void postern_notify_changes(struct mailbox *box)
{
	struct postern_notify_mailbox *watch = CONTEXT_OF(box);

	postern_notify_stop(watch);
	watch->module_ctx.super.notify_changes(box);
	if (box->notify_callback != NULL)
		postern_notify_start(box, watch);
}

static void postern_notify_close(struct mailbox *box)
{
	struct postern_notify_mailbox *watch = CONTEXT_OF(box);

	postern_notify_stop(watch);
	watch->module_ctx.super.close(box);
}

static void postern_notify_mailbox_allocated(struct mailbox *box)
{
	struct mailbox_vfuncs *v = box->vlast;
	struct postern_notify_mailbox *watch = p_new(box->pool, struct postern_notify_mailbox, 1);

	watch->fd = -1;
	watch->module_ctx.super = *v;
	box->vlast = &watch->module_ctx.super;
	v->notify_changes = postern_notify_changes;
	v->close = postern_notify_close;
	MODULE_CONTEXT_SET(box, postern_notify_module, watch);
}

static struct mail_storage_hooks postern_notify_hooks = {
	.mailbox_allocated = postern_notify_mailbox_allocated,
};

void postern_notify_plugin_init(struct module *module)
{
	mail_storage_hooks_add(module, &postern_notify_hooks);
}

void postern_notify_plugin_deinit(void)
{
	mail_storage_hooks_remove(&postern_notify_hooks);
}
