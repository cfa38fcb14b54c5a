#include "tests/e2e/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
now_s(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void
pause_ms(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

void
process_adopt(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* Kill every direct child (orphans of the command have become ours). Returns how many there were. */
static int
kill_children(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int found = 0, self = (int)getpid();

	if (proc == NULL)
		return 0;
	while ((entry = readdir(proc)) != NULL) {
		char path[300], line[512];
		const char *close_parenthesis;
		FILE *file;
		char state;
		int pid = atoi(entry->d_name), parent = 0;

		if (pid <= 0)
			continue;
		snprintf(path, sizeof path, "/proc/%d/stat", pid);
		file = fopen(path, "r");
		if (file == NULL)
			continue;
		if (fgets(line, sizeof line, file) != NULL && (close_parenthesis = strrchr(line, ')')) != NULL &&
		    sscanf(close_parenthesis + 1, " %c %d", &state, &parent) == 2 && parent == self && state != 'Z') {
			kill(pid, SIGKILL);
			found++;
		}
		fclose(file);
	}
	closedir(proc);
	return found;
}

static void
sweep(pid_t group)
{
	kill(-group, SIGKILL);
	for (int i = 0; i < 200; i++) {
		int left = kill_children();

		while (waitpid(-1, NULL, WNOHANG) > 0)
			left++;
		if (left == 0)
			break;
		pause_ms(10);
	}
}

static void
become(char *const argv[], const char *out, const char *err)
{
	int in_fd = open("/dev/null", O_RDONLY);
	int out_fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	int err_fd = open(err, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	setpgid(0, 0);
	if (in_fd < 0 || out_fd < 0 || err_fd < 0 || dup2(in_fd, 0) < 0 || dup2(out_fd, 1) < 0 || dup2(err_fd, 2) < 0)
		_exit(126);
	close(in_fd);
	close(out_fd);
	close(err_fd);
	execv(argv[0], argv);
	dprintf(2, "can't start %s\n", argv[0]);
	_exit(127);
}

struct process_result
process_run(char *const argv[], const char *out, const char *err, int limit_s)
{
	struct process_result result = { .status = -1 };
	double start = now_s();
	pid_t child = fork();
	int status = 0;

	if (child == 0)
		become(argv, out, err);
	if (child < 0)
		return result;
	setpgid(child, child);
	while (waitpid(child, &status, WNOHANG) == 0) {
		if (!result.timed_out && now_s() - start > limit_s) {
			result.timed_out = true;
			kill(-child, SIGKILL);
		}
		pause_ms(5);
	}
	result.seconds = now_s() - start;
	result.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	sweep(child);
	return result;
}
