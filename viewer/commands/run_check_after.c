#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../analysis/findings/findings.h"
#include "../reader/trace_live.h"
#include "../rendering/findings_text.h"
#include "../rendering/page.h"
#include "../rendering/terminal.h"
#include "command.h"
#include "run_parts.h"

#define PAUSE_NS 300000000 /* between two looks at the boxes' headers */

/* The furthest of the processes that record into DIRECTORY. */
static int64_t
steps_now(const char *directory)
{
	struct live_process *processes = NULL;
	struct error error = { "" };
	int ended, count = live_read(directory, &processes, &ended, &error);
	int64_t most = 0;

	for (int i = 0; i < count; i++)
		most = processes[i].step > most ? processes[i].step : most;
	live_free(processes, count);
	return most;
}

static void
print_findings(const char *directory)
{
	struct error error = { "" };
	struct trace *trace = trace_open(directory, &error);
	struct page page = { 0 };
	json_t *found;

	if (!trace)
		return; /* it has ended meanwhile, and is being folded: its report follows */
	command_language("run", NULL, stderr, &error);
	found = findings_build(trace);
	findings_text(&page, found, terminal_columns(stderr));
	page_print(&page, stderr, terminal_color(stderr));
	page_free(&page);
	json_decref(found);
	trace_close(trace);
}

void
run_check_after(const struct run_child *child, int64_t steps)
{
	pid_t run = getpid(), watcher;

	fflush(NULL);
	watcher = fork();
	if (watcher != 0)
		return; /* reaped with what the program leaves behind; where there is none, nothing is printed */
	while (getppid() == run && kill(child->pid, 0) == 0) {
		struct timespec pause = { 0, PAUSE_NS };

		if (steps_now(child->directory) >= steps) {
			print_findings(child->directory);
			break;
		}
		nanosleep(&pause, NULL);
	}
	fflush(stderr);
	_exit(0);
}
