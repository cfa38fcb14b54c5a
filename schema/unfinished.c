#include "unfinished.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *volatile paths[UNFINISHED_MOST]; /* the handler reads it */
static volatile int listed;                   /* none lies at this or beyond */

/* Only what a signal handler may call. The last first: files before their directory. */
static void
remove_all(void)
{
	for (int i = listed - 1; i >= 0; i--)
		if (paths[i] && unlink(paths[i]) != 0)
			rmdir(paths[i]);
}

static void
interrupted(int number)
{
	remove_all();
	signal(number, SIG_DFL);
	raise(number);
}

static void
guard(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	static bool at_exit;

	for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
		struct sigaction before;

		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
			signal(signals[i], interrupted);
	}
	if (!at_exit)
		at_exit = atexit(remove_all) == 0;
}

int
unfinished_add(const char *path)
{
	int place = listed;

	/* behind what is listed, so that the order stays, but where there is no room */
	for (int i = 0; place == UNFINISHED_MOST && i < UNFINISHED_MOST; i++)
		if (!paths[i])
			place = i;
	if (place == UNFINISHED_MOST)
		return -1;
	paths[place] = strdup(path);
	if (!paths[place])
		return -1;
	if (place == listed)
		listed++;
	guard();
	return place;
}

void
unfinished_drop(int number)
{
	char *path;

	if (number < 0)
		return;
	path = paths[number];
	paths[number] = NULL;
	while (listed > 0 && !paths[listed - 1])
		listed--;
	free(path);
}
