#include "run_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../schema/config.h"

#define STRAGGLERS_NS 2000000000

/* Signals handed on to the child. TERMINAL: the terminal sends it to the whole foreground group, so the child has it. */
static const struct { int number; bool terminal; } forwarded[] = {
	{ SIGHUP, false }, { SIGINT, true }, { SIGQUIT, true }, { SIGTERM, false }, { SIGUSR1, false }, { SIGUSR2, false },
	{ SIGALRM, false }, { SIGWINCH, true }, { SIGCONT, true }, { SIGTSTP, true }, { SIGPWR, false }, { SIGXCPU, false },
};
#define FORWARDED ((int)(sizeof forwarded / sizeof forwarded[0]))

int64_t
run_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
child_environment(const struct run_child *child)
{
	char pid[16];

	if (!child->preload)
		return;
	setenv("LD_PRELOAD", child->preload, 1);
	setenv(config_rows[CONFIG_OUTPUT].variable, child->directory, 1);
	setenv(config_rows[CONFIG_RUN].variable, "1", 1);
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	setenv(config_rows[CONFIG_ROOT_PID].variable, pid, 1);
}

/* In the new process; comes back never. */
static void
child_exec(const struct run_child *child, const sigset_t *mask, pid_t parent, int report)
{
	int reason;

	/* killing `run` with SIGKILL must end the program, as it would without `run` */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	child_environment(child);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(child->argv[0], child->argv);
	reason = errno;
	if (write(report, &reason, sizeof reason) < 0)
		_exit(127);
	_exit(reason == ENOENT ? 127 : 126);
}

/* Reap what has ended. True once the child itself has. */
static bool
child_reap(struct run_child *child)
{
	bool ended = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != child->pid)
			continue;
		ended = true;
		child->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		child->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	}
	return ended || (pid < 0 && errno == ECHILD);
}

static void
child_forward(const struct run_child *child, const siginfo_t *signal)
{
	for (int i = 0; i < FORWARDED; i++) {
		if (forwarded[i].number != signal->si_signo)
			continue;
		if (!forwarded[i].terminal || signal->si_code != SI_KERNEL)
			kill(child->pid, signal->si_signo);
	}
	if (signal->si_signo == SIGTSTP)
		raise(SIGSTOP); /* so that the shell sees a stopped job; SIGCONT wakes both */
}

/* The child has ended; what it left behind may still be writing its last words. */
static void
child_stragglers(const sigset_t *waited)
{
	int64_t end = run_now_ns() + STRAGGLERS_NS;

	while (run_now_ns() < end) {
		struct timespec pause = { 0, 10000000 };
		siginfo_t signal;
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0 && errno == ECHILD)
			return;
		if (pid > 0)
			continue;
		if (sigtimedwait(waited, &signal, &pause) > 0 && signal.si_signo != SIGCHLD && signal.si_signo != SIGCONT &&
		    signal.si_signo != SIGWINCH)
			return; /* whoever sends a signal now wants an end */
	}
}

bool
run_child(struct run_child *child, void (*started)(struct run_child *child))
{
	sigset_t waited, before;
	pid_t parent = getpid();
	int report[2];
	bool ended = false;

	child->exit_status = -1;
	child->signal = 0;
	child->error_number = 0;
	if (pipe2(report, O_CLOEXEC) != 0) {
		child->error_number = errno;
		return false;
	}
	sigemptyset(&waited);
	sigaddset(&waited, SIGCHLD);
	for (int i = 0; i < FORWARDED; i++)
		sigaddset(&waited, forwarded[i].number);
	sigprocmask(SIG_BLOCK, &waited, &before);
	signal(SIGCHLD, SIG_DFL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	child->start_ns = run_now_ns();
	child->pid = fork();
	if (child->pid == 0)
		child_exec(child, &before, parent, report[1]);
	if (child->pid < 0)
		child->error_number = errno;
	close(report[1]);
	/* end of file means that exec has succeeded */
	if (child->pid > 0 && read(report[0], &child->error_number, sizeof child->error_number) <= 0)
		child->error_number = 0;
	close(report[0]);
	if (child->error_number == 0) {
		started(child);
		while (!ended) {
			siginfo_t signal;

			if (sigwaitinfo(&waited, &signal) < 0)
				continue;
			if (signal.si_signo == SIGCHLD)
				ended = child_reap(child);
			else
				child_forward(child, &signal);
		}
		child->end_ns = run_now_ns();
		child_stragglers(&waited);
	} else if (child->pid > 0) {
		waitpid(child->pid, NULL, 0);
	}
	/* Signals that came for the program are spent: what follows is ours, and may be interrupted as any command. */
	for (struct timespec none = { 0, 0 }; sigtimedwait(&waited, NULL, &none) > 0;)
		;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return child->error_number == 0;
}
