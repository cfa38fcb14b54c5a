#include "scratch.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

struct scratch {
	char path[PATH_MAX];
	char *files[SCRATCH_FILES];
	volatile int count; /* the handler reads it */
};

static struct scratch *volatile scratches[SCRATCH_MOST];

/* Only what a signal handler may call. */
static void
scratch_unlink(const struct scratch *scratch)
{
	for (int i = 0; i < scratch->count; i++)
		unlink(scratch->files[i]);
	rmdir(scratch->path);
}

static void
scratch_interrupted(int number)
{
	for (int i = 0; i < SCRATCH_MOST; i++)
		if (scratches[i])
			scratch_unlink(scratches[i]);
	signal(number, SIG_DFL);
	raise(number);
}

static void
scratch_exit(void)
{
	for (int i = 0; i < SCRATCH_MOST; i++)
		if (scratches[i])
			scratch_unlink(scratches[i]);
}

static void
scratch_guard(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	static bool guarded;

	for (unsigned i = 0; i < sizeof signals / sizeof *signals && !guarded; i++) {
		struct sigaction before;

		/* who ignores them (nohup) goes on ignoring */
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
			signal(signals[i], scratch_interrupted);
	}
	if (!guarded)
		atexit(scratch_exit);
	guarded = true;
}

struct scratch *
scratch_make(struct error *error)
{
	const char *folder = getenv("TMPDIR");
	struct scratch *scratch = calloc(1, sizeof *scratch);
	int place = 0;

	while (place < SCRATCH_MOST && scratches[place])
		place++;
	if (!scratch || place == SCRATCH_MOST) {
		command_trouble(error, "out of memory");
		free(scratch);
		return NULL;
	}
	snprintf(scratch->path, sizeof scratch->path, "%s/shapebox.XXXXXX", folder && folder[0] == '/' ? folder : "/tmp");
	scratch_guard();
	if (!mkdtemp(scratch->path)) { /* mode 0700 */
		command_trouble(error, "%s: %s", scratch->path, strerror(errno));
		free(scratch);
		return NULL;
	}
	scratches[place] = scratch;
	return scratch;
}

const char *
scratch_path(const struct scratch *scratch)
{
	return scratch->path;
}

const char *
scratch_file(struct scratch *scratch, const char *name)
{
	char *path;

	for (int i = 0; i < scratch->count; i++)
		if (strcmp(scratch->files[i] + strlen(scratch->path) + 1, name) == 0)
			return scratch->files[i];
	if (scratch->count == SCRATCH_FILES || asprintf(&path, "%s/%s", scratch->path, name) < 0)
		return NULL;
	scratch->files[scratch->count] = path;
	scratch->count++;
	return path;
}

void
scratch_remove(struct scratch *scratch)
{
	if (!scratch)
		return;
	scratch_unlink(scratch);
	for (int i = 0; i < SCRATCH_MOST; i++)
		if (scratches[i] == scratch)
			scratches[i] = NULL;
	for (int i = 0; i < scratch->count; i++)
		free(scratch->files[i]);
	free(scratch);
}
