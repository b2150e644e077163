/*
 * For LD_PRELOAD: every TCP socket that is listened on sends small pieces at once (TCP_NODELAY), and so does each
 * connection that Linux makes of it. Postfix has no setting for that: its second small answer would wait until the
 * client's kernel acknowledges the first, which it delays by 40 ms when the client itself has nothing to say (RFC 896,
 * RFC 9293 §3.8.6.3).
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int listen(int fd, int backlog)
{
	int on = 1;

	/* Sockets of other kinds refuse it, which is fine. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return (int)syscall(SYS_listen, fd, backlog);
}
