/* Counts of processes that have no file of their own any more: struct box_merged. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schema/box.h"
#include "trace_internal.h"

static int64_t
bounded(uint64_t count)
{
	return (int64_t)(count & INT64_MAX >> 8);
}

bool
merged_read(const char *directory, const char *name, struct merged *sum)
{
	/* events that were dropped; the other losses are of parts */
	static const enum box_loss drops[] = { BOX_LOSS_CHUNK_BUSY, BOX_LOSS_RECORD_TOO_BIG, BOX_LOSS_NESTED_TOO_DEEP, BOX_LOSS_OPS_FULL,
					       BOX_LOSS_THREADS_FULL, BOX_LOSS_BLIND };
	struct box_merged file;
	char *path;
	int descriptor;
	bool any = false;

	if (asprintf(&path, "%s/%s", directory, name) < 0)
		return false;
	descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	free(path);
	if (descriptor < 0)
		return false;
	/* One for all, or one for each (where no mapped file may lie). */
	while (read(descriptor, &file, sizeof file) == (ssize_t)sizeof file && memcmp(file.magic, BOX_MERGED_MAGIC, sizeof file.magic) == 0 &&
	       file.version == BOX_VERSION) {
		any = true;
		sum->processes += bounded(file.processes);
		sum->failed += bounded(file.failed);
		sum->events += bounded(file.events);
		for (size_t i = 0; i < sizeof drops / sizeof drops[0]; i++)
			sum->dropped += bounded(file.lost[drops[i]]);
	}
	close(descriptor);
	return any;
}

bool
trace_merged(const struct trace *trace, struct merged *out)
{
	*out = trace->merged;
	return out->processes > 0;
}
