/*
 * postern_notify: tells an IDLE client of changes at once.
 *
 * Stock Dovecot watches a Maildir with inotify, but lets 500 ms pass between an event and the look into the mailbox
 * (lib-storage/mailbox-watch.c, NOTIFY_DELAY_MSECS), so that a burst of changes costs one look. A chat cannot wait for
 * that. This plugin watches the same two folders with an inotify descriptor of its own and asks for the look right away.
 * (Dovecot's own descriptor cannot serve: it calls only one watcher per folder, lib/ioloop-notify-inotify.c.)
 *
 * Right away is once the mailbox's lock is free: a delivery moves the mail into place and only then writes down its UID.
 * Whoever looks in between waits for the lock with an inotify descriptor made for this (lib/file-dotlock.c,
 * dotlock_wait()), and to close one can take the kernel ten milliseconds and more (fs/notify/group.c,
 * fsnotify_wait_marks_destroyed()). For the same reason the plugin's own descriptor stays open while nobody waits.
 *
 * Stock's watch and its timers stay as they are: hibernation is built on them, and where no more inotify descriptors are
 * to be had (sysctl fs.inotify.max_user_instances) they do what they did without this plugin.
 *
 * A client that is put to sleep is watched with a new descriptor (mailbox-watch.c,
 * mailbox_watch_extract_notify_fd()), which knows nothing of a change that came right before and that nobody has looked
 * at: the client would sleep on, for minutes, over mail that is there. So whoever lets go of a mailbox with such a change
 * makes another one, which wakes the client up again.
 */
#include "lib.h"
#include "ioloop.h"
#include "mail-storage-private.h"
#include "mail-storage-hooks.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* New mail is moved or linked into place, other clients' flags are renames in cur/, expunges unlink. Not IN_MOVED_FROM:
   our own look moves new mail from new/ to cur/. */
#define WATCHED_EVENTS (IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR)

/* How often to see whether the lock is free, and how often at most: a lock that stays is Dovecot's to break. */
#define LOCK_RETRY_MSECS 1
#define LOCK_RETRIES 100

struct postern_notify_mailbox {
	union mailbox_module_context module_ctx;
	struct io *io;
	struct timeout *to;
	unsigned int retries;
	int fd;
	int watches[2];
	/* Something had changed when the client stopped to wait, and was not looked at. */
	bool missed;
};

/* Dovecot loads a plugin only into the version whose headers it was compiled with. */
const char *postern_notify_plugin_version = DOVECOT_ABI_VERSION;

void postern_notify_plugin_init(struct module *module);
void postern_notify_plugin_deinit(void);

static MODULE_CONTEXT_DEFINE_INIT(postern_notify_module, &mail_storage_module_register);
#define CONTEXT_OF(box) MODULE_CONTEXT_REQUIRE(box, postern_notify_module)

static const char *const watched_folders[] = { "new", "cur" };

/* All events at once, or the descriptor would stay readable. Returns whether they tell of a change; which does not matter. */
static bool postern_notify_drain(struct postern_notify_mailbox *watch)
{
	char events[16 * 1024] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool changed = FALSE;
	ssize_t size;

	while ((size = read(watch->fd, events, sizeof(events))) > 0) {
		const char *at = events;
		while (at < events + size) {
			const struct inotify_event *event = (const void *)at;
			if ((event->mask & IN_IGNORED) == 0) /* not only that a watch was removed */
				changed = TRUE;
			at += sizeof(*event) + event->len;
		}
	}
	return changed;
}

static void postern_notify_stop(struct postern_notify_mailbox *watch)
{
	unsigned int i;

	if (watch->io == NULL)
		return;

	watch->missed = watch->to != NULL;
	timeout_remove(&watch->to);
	io_remove(&watch->io);
	for (i = 0; i < N_ELEMENTS(watch->watches); i++) {
		if (watch->watches[i] != -1)
			(void)inotify_rm_watch(watch->fd, watch->watches[i]);
		watch->watches[i] = -1;
	}
	if (postern_notify_drain(watch))
		watch->missed = TRUE;
}

/* A file that is no mail, made and removed: whoever watches the folder looks, and finds what there is. */
static void postern_notify_poke(struct mailbox *box)
{
	const char *path;
	int fd;

	if (mailbox_get_path_to(box, MAILBOX_LIST_PATH_TYPE_MAILBOX, &path) <= 0)
		return;
	path = t_strconcat(path, "/new/.postern-notify", NULL);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd == -1)
		return; /* no disk space, or no mailbox any more: then it is told of with the next change */
	i_close_fd(&fd);
	(void)unlink(path);
}

/* lib-storage/index/maildir/maildir-uidlist.c, maildir_uidlist_init() and maildir_uidlist_lock_timeout() */
static bool postern_notify_is_locked(struct mailbox *box)
{
	const char *path;
	struct stat st;

	return mailbox_get_path_to(box, MAILBOX_LIST_PATH_TYPE_CONTROL, &path) > 0 &&
		stat(t_strconcat(path, "/dovecot-uidlist.lock", NULL), &st) == 0;
}

static void postern_notify_look(struct mailbox *box)
{
	struct postern_notify_mailbox *watch = CONTEXT_OF(box);
	bool locked;

	T_BEGIN {
		locked = postern_notify_is_locked(box);
	} T_END;
	if (locked && watch->retries++ < LOCK_RETRIES) {
		if (watch->to == NULL)
			watch->to = timeout_add_short(LOCK_RETRY_MSECS, postern_notify_look, box);
		return;
	}
	timeout_remove(&watch->to);
	if (box->notify_callback != NULL)
		box->notify_callback(box, box->notify_context);
}

/* Something changed, and the look finds out what. The events of the look itself come back as one more that finds nothing. */
static void postern_notify_changed(struct mailbox *box)
{
	struct postern_notify_mailbox *watch = CONTEXT_OF(box);

	(void)postern_notify_drain(watch);
	watch->retries = 0;
	postern_notify_look(box);
}

static void postern_notify_start(struct mailbox *box, struct postern_notify_mailbox *watch)
{
	const char *path;
	bool watching = FALSE;
	unsigned int i;

	if (mailbox_get_path_to(box, MAILBOX_LIST_PATH_TYPE_MAILBOX, &path) <= 0)
		return;
	if (watch->fd == -1)
		watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd == -1)
		return;
	for (i = 0; i < N_ELEMENTS(watch->watches); i++) {
		const char *folder = t_strconcat(path, "/", watched_folders[i], NULL);
		watch->watches[i] = inotify_add_watch(watch->fd, folder, WATCHED_EVENTS);
		if (watch->watches[i] != -1)
			watching = TRUE;
	}
	if (watching)
		watch->io = io_add(watch->fd, IO_READ, postern_notify_changed, box);
	/* else it is not a Maildir, or it has just vanished */
}

/* Called when a client starts to wait for changes, and when it stops (the callback is NULL then). */
static void postern_notify_changes(struct mailbox *box)
{
	struct postern_notify_mailbox *watch = CONTEXT_OF(box);

	postern_notify_stop(watch);
	watch->module_ctx.super.notify_changes(box);
	if (box->notify_callback != NULL) {
		watch->missed = FALSE; /* waiting begins with a look */
		postern_notify_start(box, watch);
	}
}

static void postern_notify_close(struct mailbox *box)
{
	struct postern_notify_mailbox *watch = CONTEXT_OF(box);

	postern_notify_stop(watch);
	if (watch->missed) T_BEGIN {
		postern_notify_poke(box);
	} T_END;
	watch->missed = FALSE;
	i_close_fd(&watch->fd);
	watch->module_ctx.super.close(box);
}

static void postern_notify_mailbox_allocated(struct mailbox *box)
{
	struct mailbox_vfuncs *v = box->vlast;
	struct postern_notify_mailbox *watch = p_new(box->pool, struct postern_notify_mailbox, 1);

	watch->fd = -1;
	watch->watches[0] = watch->watches[1] = -1;
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
