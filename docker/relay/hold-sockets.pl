#!/usr/bin/perl
# hold-sockets LIST COMMAND…: binds the unix sockets of LIST (lines "NAME PATH MODE GROUP"), then becomes COMMAND, which
# inherits them as descriptors 3, 4, … with LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES set, as under systemd
# (sd_listen_fds(3)). A socket that outlives the process behind it lets clients wait during a restart instead of being
# refused. Node.js cannot do this part: it starts to accept as soon as it listens.
use strict;
use warnings;
use Fcntl qw(F_DUPFD);
use Socket qw(AF_UNIX SOCK_STREAM pack_sockaddr_un);
use POSIX qw(dup2);

my ($list, @command) = @ARGV;
die "usage: hold-sockets LIST COMMAND...\n" unless defined $list && @command;
open my $lines, '<', $list or die "hold-sockets: $list: $!\n";

my (@names, @sockets);
while (my $line = <$lines>) {
    my ($name, $path, $mode, $group) = split ' ', $line;
    my $gid = getgrnam $group;
    die "hold-sockets: $path: there is no group $group\n" unless defined $gid;
    unlink $path;
    socket my $socket, AF_UNIX, SOCK_STREAM, 0 or die "hold-sockets: $path: $!\n";
    umask 0777;    # nobody gets in before owner and mode are right
    bind $socket, pack_sockaddr_un($path) or die "hold-sockets: $path: $!\n";
    chown 0, $gid, $path or die "hold-sockets: $path: $!\n";
    chmod oct $mode, $path or die "hold-sockets: $path: $!\n";
    listen $socket, 4096 or die "hold-sockets: $path: $!\n";
    push @names, $name;
    push @sockets, $socket;
}
close $lines;
umask 0022;

# Out of the way first, so that no descriptor is overwritten before it was moved; dup2 leaves the copies inheritable.
my @high = map { fcntl($_, F_DUPFD, 100) or die "hold-sockets: $!\n" } @sockets;
for my $at (0 .. $#high) {
    dup2($high[$at], 3 + $at) or die "hold-sockets: $!\n";
    POSIX::close($high[$at]);
}

@ENV{qw(LISTEN_PID LISTEN_FDS LISTEN_FDNAMES)} = ($$, scalar @names, join ':', @names);
exec { $command[0] } @command or die "hold-sockets: $command[0]: $!\n";
