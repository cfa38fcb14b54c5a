#include "run_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"

#define PROBE_LIMIT_NS 20000000000 /* a Python on a cold network disk */

struct probe {
	int status;       /* as waitpid gives it; -1: did not end in time */
	char output[256]; /* the first bytes of stdout and stderr */
};

/* Run ARGV with PRELOAD as LD_PRELOAD (NULL: as it is). False if no process could be started. */
static bool
probe_start(char *const *argv, const char *preload, struct probe *probe)
{
	int64_t end = run_now_ns() + PROBE_LIMIT_NS;
	size_t used = 0;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	pid = fork();
	if (pid < 0) {
		close(ends[0]);
		close(ends[1]);
		return false;
	}
	if (pid == 0) {
		int null = open("/dev/null", O_RDONLY);

		dup2(null, STDIN_FILENO);
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		if (preload) {
			setenv("LD_PRELOAD", preload, 1);
			setenv("SHAPEBOX_RUN", "1", 1);
		}
		execv(argv[0], argv);
		_exit(127);
	}
	close(ends[1]);
	for (;;) {
		struct pollfd poll_end = { .fd = ends[0], .events = POLLIN };
		int64_t left = (end - run_now_ns()) / 1000000;
		char rest[256];
		ssize_t size;

		if (left <= 0 || (poll(&poll_end, 1, (int)left) < 0 && errno != EINTR))
			break;
		if (!poll_end.revents)
			continue;
		size = read(ends[0], rest, sizeof rest);
		if (size <= 0)
			break;
		if (used + 1 < sizeof probe->output) {
			size_t room = sizeof probe->output - 1 - used;
			size_t take = (size_t)size < room ? (size_t)size : room;

			memcpy(probe->output + used, rest, take);
			used += take;
		}
	}
	probe->output[used] = 0;
	close(ends[0]);
	if (run_now_ns() >= end) {
		kill(pid, SIGKILL);
		waitpid(pid, &probe->status, 0);
		probe->status = -1;
		return true;
	}
	return waitpid(pid, &probe->status, 0) == pid;
}

static bool
probe_same(const struct probe *one, const struct probe *other)
{
	return one->status == other->status && strcmp(one->output, other->output) == 0;
}

static bool
probe_one(char *const *argv, const char *preload, struct error *why)
{
	struct probe with, without;
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];

	if (!probe_start(argv, preload, &with) || (with.status == 0 && !with.output[0]))
		return true;
	/* what it does without shapebox as well is no reason */
	if (probe_start(argv, NULL, &without) && probe_same(&with, &without))
		return true;
	with.output[strcspn(with.output, "\n")] = 0;
	if (with.output[0])
		command_trouble(why, "%s says under the preload: %s", name, with.output);
	else if (with.status == -1)
		command_trouble(why, "%s does not end under the preload", name);
	else if (WIFSIGNALED(with.status))
		command_trouble(why, "%s dies of signal %d under the preload", name, WTERMSIG(with.status));
	else
		command_trouble(why, "%s ends with status %d under the preload", name, WEXITSTATUS(with.status));
	return false;
}

bool
run_probe(const char *preload, const char *python, struct error *why)
{
	char *true_argv[] = { "/bin/true", NULL };
	char *python_argv[] = { (char *)python, "-c", "pass", NULL };

	if (access(true_argv[0], X_OK) == 0 && !probe_one(true_argv, preload, why))
		return false;
	return !python || probe_one(python_argv, preload, why);
}
