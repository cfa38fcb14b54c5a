#include "output.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../schema/unfinished.h"
#include "../rendering/page.h"
#include "../rendering/terminal.h"
#include "command.h"

/* The file's permissions as anybody would have made it. */
static void
output_permit(int descriptor)
{
	mode_t mask = umask(0);

	umask(mask);
	fchmod(descriptor, 0666 & ~mask);
}

bool
output_write(const char *path, bool replace, bool (*write)(FILE *file, void *context), void *context, struct error *error)
{
	struct stat status;
	char begun[PATH_MAX];
	int descriptor, unfinished;
	bool written;
	FILE *file;

	if (strcmp(path, "-") == 0) {
		if (write(stdout, context) && fflush(stdout) == 0)
			return true;
		if (!error->text[0])
			command_trouble(error, "standard output: %s", strerror(errno));
		return false;
	}
	if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) {
		command_trouble(error, "%s: not a plain file", path);
		return false;
	}
	if (!replace && lstat(path, &status) == 0) {
		command_trouble(error, "%s: %s", path, strerror(EEXIST));
		return false;
	}
	if (snprintf(begun, sizeof begun, "%s.XXXXXX", path) >= (int)sizeof begun) {
		command_trouble(error, "%s: name too long", path);
		return false;
	}
	descriptor = mkstemp(begun);
	if (descriptor < 0) {
		command_trouble(error, "%s: %s", path, strerror(errno));
		return false;
	}
	unfinished = unfinished_add(begun);
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error to tell */
	file = fdopen(descriptor, "w");
	written = file && write(file, context) && fflush(file) == 0 && !ferror(file);
	if (file)
		output_permit(descriptor);
	if (!written && !error->text[0])
		command_trouble(error, "%s: %s", path, strerror(errno));
	if (file ? fclose(file) != 0 : close(descriptor) != 0) {
		if (written)
			command_trouble(error, "%s: %s", path, strerror(errno));
		written = false;
	}
	/* a second name, and only then the first one's end, replaces nothing that came meanwhile */
	if (written && (replace ? rename(begun, path) : link(begun, path)) != 0) {
		command_trouble(error, "%s: %s", path, strerror(errno));
		written = false;
	}
	if (!written || !replace)
		unlink(begun);
	signal(SIGXFSZ, SIG_DFL);
	unfinished_drop(unfinished);
	return written;
}

int
output_json(const json_t *json, int result, struct error *error)
{
	char *text = json_dumps(json, JSON_INDENT(1));

	if (text)
		puts(text);
	else
		result = command_trouble(error, "out of memory");
	free(text);
	return result;
}

int
output_page(struct page *page, int result, struct error *error)
{
	if (!page_print(page, stdout, terminal_color(stdout)) && page->failed)
		result = command_trouble(error, "out of memory");
	return result;
}
