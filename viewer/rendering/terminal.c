#include "terminal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "../../schema/progress.h"

bool
terminal_color(FILE *file)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no_color && no_color[0])
		return false;
	return isatty(fileno(file)) && term && term[0] && strcmp(term, "dumb") != 0;
}

int
terminal_columns_real(FILE *file)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;

	if (columns && atoi(columns) > 0)
		return atoi(columns);
	if (isatty(fileno(file)) && ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 0;
}

int
terminal_columns(FILE *file)
{
	int columns = terminal_columns_real(file);

	if (columns == 0 || columns > TERMINAL_WIDEST)
		return TERMINAL_WIDEST;
	return columns < 60 ? 60 : columns;
}

#define BAR_WIDEST 30
#define WORK_QUIET_S 1
#define WORK_AGAIN_US 200000

static char work_what[128];
static volatile int work_thousandths, work_columns;
static volatile sig_atomic_t work_shown, work_on;

void
terminal_bar(char *out, size_t size, const char *what, int thousandths, int columns)
{
	size_t room = columns - 1 < (int)size - 1 ? columns > 1 ? (size_t)columns - 1 : 0 : size - 1, used = 0;
	int percent = thousandths / 10, bar = (int)room - (int)strlen(what) - 8; /* " [] 100%" */

	while (*what && used < room)
		out[used++] = *what++;
	if (thousandths >= 0 && bar > 4) {
		bar = bar > BAR_WIDEST ? BAR_WIDEST : bar;
		out[used++] = ' ';
		out[used++] = '[';
		for (int i = 0; i < bar; i++)
			out[used++] = i < bar * thousandths / 1000 ? '#' : '.';
		out[used++] = ']';
		out[used++] = ' ';
		if (percent >= 100)
			out[used++] = '1';
		if (percent >= 10)
			out[used++] = (char)('0' + percent / 10 % 10);
		out[used++] = (char)('0' + percent % 10);
		out[used++] = '%';
	}
	out[used] = 0;
}

static void
work_draw(int number)
{
	char line[256] = "\r";
	ssize_t ignored;

	(void)number;
	terminal_bar(line + 1, sizeof line - 8, work_what, work_thousandths, work_columns);
	strcat(line, "\033[K");
	ignored = write(STDERR_FILENO, line, strlen(line));
	(void)ignored;
	work_shown = 1;
}

static void
work_listen(int thousandths)
{
	work_thousandths = thousandths;
}

void
terminal_work(const char *what)
{
	const char *term = getenv("TERM");
	struct sigaction draw = { .sa_handler = work_draw, .sa_flags = SA_RESTART };
	struct itimerval every = { { 0, WORK_AGAIN_US }, { WORK_QUIET_S, 0 } };
	static struct timespec began; /* the first of what one command does */
	struct timespec now;
	int columns;

	terminal_done();
	if (!isatty(STDERR_FILENO) || !term || !term[0] || strcmp(term, "dumb") == 0)
		return;
	columns = terminal_columns_real(stderr);
	work_columns = columns > 0 ? columns : 80;
	work_thousandths = -1;
	snprintf(work_what, sizeof work_what, "shapebox: %s", what);
	for (char *at = work_what; *at; at++)
		if (*at < ' ' || *at == 127)
			*at = '?';
	progress_listen(work_listen);
	work_on = 1;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!began.tv_sec)
		began = now;
	else if (now.tv_sec - began.tv_sec >= WORK_QUIET_S)
		every.it_value = every.it_interval;
	sigaction(SIGALRM, &draw, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
}

void
terminal_done(void)
{
	static const struct itimerval never;

	if (!work_on)
		return;
	setitimer(ITIMER_REAL, &never, NULL);
	signal(SIGALRM, SIG_DFL);
	progress_listen(NULL);
	work_on = 0;
	if (work_shown)
		fputs("\r\033[K", stderr);
	fflush(stderr);
	work_shown = 0;
}
