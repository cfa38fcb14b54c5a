#include "scratch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../schema/unfinished.h"
#include "command.h"

struct scratch {
	char path[PATH_MAX];
	char *files[SCRATCH_FILES];
	int unfinished, numbers[SCRATCH_FILES]; /* in the list of what must go */
	int count;
};

struct scratch *
scratch_make(struct error *error)
{
	const char *folder = getenv("TMPDIR");
	struct scratch *scratch = calloc(1, sizeof *scratch);

	if (!scratch) {
		command_trouble(error, "out of memory");
		return NULL;
	}
	snprintf(scratch->path, sizeof scratch->path, "%s/shapebox.XXXXXX", folder && folder[0] == '/' ? folder : "/tmp");
	if (!mkdtemp(scratch->path)) { /* mode 0700 */
		command_trouble(error, "%s: %s", scratch->path, strerror(errno));
		free(scratch);
		return NULL;
	}
	scratch->unfinished = unfinished_add(scratch->path);
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
	scratch->numbers[scratch->count] = unfinished_add(path);
	scratch->count++;
	return path;
}

void
scratch_remove(struct scratch *scratch)
{
	if (!scratch)
		return;
	for (int i = scratch->count - 1; i >= 0; i--) {
		unlink(scratch->files[i]);
		unfinished_drop(scratch->numbers[i]);
		free(scratch->files[i]);
	}
	rmdir(scratch->path);
	unfinished_drop(scratch->unfinished);
	free(scratch);
}
