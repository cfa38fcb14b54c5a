/*
 * Boxes that were left or are being written: folded when somebody looks.
 *
 * Of a process that has ended, the database goes beside the box, and the box is removed once that is complete (not if an error
 * kept it from a part: the next look folds again). Of a
 * running one (or where the folder can't be written to) it goes to a private temporary folder and is gone when closed.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "schema/box_read.h"
#include "schema/fold.h"
#include "schema/unfinished.h"
#include "trace_internal.h"

#define FOREIGN_QUIET_S 600 /* a box of another host that nothing was written to for so long is of a dead process */

static bool
file_read(const char *path, char *text, size_t room)
{
	FILE *file = fopen(path, "re");
	size_t n;

	if (!file)
		return false;
	n = fread(text, 1, room - 1, file);
	text[n] = '\0';
	fclose(file);
	return n > 0;
}

/* When PID was started (Unix seconds), 0 if there is no such process or it is only waiting to be reaped. */
static double
process_started(int pid)
{
	char path[64], text[4096], *at;
	uint64_t ticks, boot;
	char state;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	if (!file_read(path, text, sizeof text) || !(at = strrchr(text, ')')))
		return 0;
	if (sscanf(at + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %" SCNu64, &state,
		   &ticks) != 2 || state == 'Z' || state == 'X')
		return 0;
	if (!file_read("/proc/stat", text, sizeof text) || !(at = strstr(text, "btime ")))
		at = NULL;
	/* Without the time of boot (its line lies behind very many processors'), the number alone has to do. */
	if (!at || sscanf(at, "btime %" SCNu64, &boot) != 1)
		return 1;
	return (double)boot + (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

/* May the process of this box still be writing to it? */
bool
box_is_live(const struct box_header *header, const char *path)
{
	char host[sizeof header->host + 1] = "";
	struct stat status, here;
	double started;

	if (header->state == BOX_STATE_EXEC || header->pid <= 0)
		return false;
	gethostname(host, sizeof host - 1);
	bool elsewhere = strncmp(host, header->host, sizeof header->host - 1) != 0
			 || (header->pid_namespace && stat("/proc/self/ns/pid", &here) == 0
			     && here.st_ino != header->pid_namespace); /* another host, or a container's own numbers */
	if (elsewhere)
		return header->state == BOX_STATE_RUNNING && stat(path, &status) == 0 &&
		       time(NULL) - status.st_mtime < FOREIGN_QUIET_S;
	started = process_started(header->pid);
	/* A process that was started after the box was made has the number, not the box. */
	return started > 0 && started <= (double)header->start_unix_ns / 1e9 + 2;
}

static struct reader *
open_temporary(struct arena *arena, const char *box_path, const char *box_name, bool finished, struct error *error)
{
	const char *folder = getenv("TMPDIR");
	char *private = NULL, *path = NULL;
	int unfinished[2] = { -1, -1 };
	struct reader *reader = NULL;

	if (asprintf(&private, "%s/shapebox-XXXXXX", folder && *folder ? folder : "/tmp") < 0) {
		private = NULL;
		goto out;
	}
	if (!mkdtemp(private)) {
		snprintf(error->text, sizeof error->text, "%.300s: %s", private, strerror(errno));
		goto out;
	}
	if (asprintf(&path, "%s/trace.db", private) < 0)
		path = NULL;
	unfinished[0] = unfinished_add(private);
	unfinished[1] = path ? unfinished_add(path) : -1;
	if (path && fold_box(box_path, path, finished, NULL, error->text, sizeof error->text))
		reader = reader_open(arena, path, box_name, error);
	if (reader)
		reader->temporary = true;
	if (path)
		unlink(path);
	rmdir(private);
	unfinished_drop(unfinished[1]);
	unfinished_drop(unfinished[0]);
out:
	free(path);
	free(private);
	return reader;
}

/* The box and its segments, now that a database tells all that they did. */
static void
box_remove(const char *path, uint32_t segments)
{
	for (uint32_t number = 1; number <= segments; number++) {
		char *name = box_read_segment_path(path, number);
		bool gone = !name || unlink(name) != 0;

		free(name);
		if (gone && number > 64) /* a header may claim any number */
			break;
	}
	unlink(path);
}

struct reader *
reader_open_box(struct arena *arena, const char *directory, const char *box_name, struct error *error)
{
	int stem = (int)(strrchr(box_name, '.') - box_name);
	char *box_path = place_path(directory, box_name, error), *db_path = NULL;
	struct reader *reader = NULL;
	struct fold_result result;
	struct box_header header;
	bool live;

	if (asprintf(&db_path, "%s/%.*s.db", directory, stem, box_name) < 0)
		db_path = NULL;
	if (!box_path || !db_path)
		goto out;
	if (!box_read_header(box_path, &header, error->text, sizeof error->text)) {
		/* Folded and removed by another reader meanwhile, or damaged beside a good database. */
		if (access(db_path, R_OK) == 0)
			reader = reader_open(arena, db_path, strrchr(db_path, '/') + 1, error);
		goto out;
	}
	live = box_is_live(&header, box_path);
	if (!live && access(directory, W_OK) == 0 &&
	    fold_box(box_path, db_path, true, &result, error->text, sizeof error->text)) {
		reader = reader_open(arena, db_path, strrchr(db_path, '/') + 1, error);
		if (reader && !result.unread) {
			box_remove(box_path, header.segments);
			place_forget(directory, box_name, box_path);
		}
	}
	if (!reader)
		reader = open_temporary(arena, box_path, box_name, !live, error);
	if (reader)
		reader->live = live;
out:
	free(box_path);
	free(db_path);
	return reader;
}
