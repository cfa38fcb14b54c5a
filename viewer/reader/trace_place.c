/* Boxes that lie apart from their trace: NAME.at in its directory says where (schema/box.h). A trace is untrusted: where the file leads
 * must be of the same owner and bear the same name. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/box.h"
#include "trace_internal.h"

#define TEXT_BYTES 4200

static bool
is_place(const char *name)
{
	size_t size = strlen(name), end = strlen(BOX_PLACE_END);

	return size > end && strcmp(name + size - end, BOX_PLACE_END) == 0;
}

/* What NAME.at in DIRECTORY says, with its own STATUS. */
static bool
place_text(const char *directory, const char *name, char text[TEXT_BYTES], struct stat *status)
{
	const size_t magic = strlen(BOX_PLACE_MAGIC);
	ssize_t size = -1;
	char *path;
	int file;

	if (asprintf(&path, "%s/%s", directory, name) < 0)
		return false;
	file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	free(path);
	if (file < 0)
		return false;
	if (fstat(file, status) == 0 && S_ISREG(status->st_mode))
		size = read(file, text, TEXT_BYTES - 1);
	close(file);
	if (size <= (ssize_t)magic || memcmp(text, BOX_PLACE_MAGIC, magic) != 0)
		return false;
	text[size] = 0;
	memmove(text, text + magic, (size_t)size - magic + 1);
	text[strcspn(text, "\n")] = 0;
	return text[0] == '/';
}

char *
place_path(const char *directory, const char *box_name, struct error *error)
{
	size_t stem = strlen(box_name) - strlen(BOX_PLACE_END);
	struct stat at, box;
	char text[TEXT_BYTES], *path = NULL;
	const char *name;

	if (!is_place(box_name)) {
		if (asprintf(&path, "%s/%s", directory, box_name) < 0)
			path = NULL;
		return path;
	}
	if (!place_text(directory, box_name, text, &at)) {
		snprintf(error->text, sizeof error->text, "%.200s/%.200s: doesn't say where its box lies", directory, box_name);
		return NULL;
	}
	name = strrchr(text, '/') + 1;
	if (lstat(text, &box) != 0)
		snprintf(error->text, sizeof error->text, "%.100s/%.100s: its box, %.250s, isn't there: another machine's, or removed", directory,
			 box_name, text);
	else if (!S_ISREG(box.st_mode) || box.st_uid != at.st_uid || strncmp(name, box_name, stem) != 0 || name[stem] != '-')
		snprintf(error->text, sizeof error->text, "%.100s/%.100s: %.250s is not its box", directory, box_name, text);
	else
		path = strdup(text);
	return path;
}

void
place_forget(const char *directory, const char *box_name, const char *path)
{
	char *file, *folder;

	if (!is_place(box_name))
		return;
	if (asprintf(&file, "%s/%.*s.box", directory, (int)(strlen(box_name) - strlen(BOX_PLACE_END)), box_name) >= 0) {
		unlink(file); /* the copy */
		free(file);
	}
	if (asprintf(&file, "%s/%s", directory, box_name) >= 0) {
		unlink(file);
		free(file);
	}
	folder = strdup(path);
	if (folder) {
		*strrchr(folder, '/') = 0;
		rmdir(folder); /* unless other boxes are there */
		free(folder);
	}
}
