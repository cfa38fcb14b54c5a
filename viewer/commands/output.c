#include "output.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

static const int output_signals[] = { SIGINT, SIGTERM, SIGHUP };
enum { OUTPUT_SIGNALS = sizeof output_signals / sizeof output_signals[0] };
static char output_begun[PATH_MAX]; /* read by the handler */

static void
output_interrupted(int number)
{
	unlink(output_begun);
	signal(number, SIG_DFL);
	raise(number);
}

static void
output_guard(bool on)
{
	signal(SIGXFSZ, on ? SIG_IGN : SIG_DFL); /* a file that may not grow is an error to tell */
	for (int i = 0; i < OUTPUT_SIGNALS; i++) {
		struct sigaction before;

		/* who ignores them (nohup) goes on ignoring */
		if (sigaction(output_signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			signal(output_signals[i], on ? output_interrupted : SIG_DFL);
	}
}

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
	int descriptor;
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
	if (snprintf(output_begun, sizeof output_begun, "%s.XXXXXX", path) >= (int)sizeof output_begun) {
		command_trouble(error, "%s: name too long", path);
		return false;
	}
	descriptor = mkstemp(output_begun);
	if (descriptor < 0) {
		command_trouble(error, "%s: %s", path, strerror(errno));
		return false;
	}
	output_guard(true);
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
	if (written && (replace ? rename(output_begun, path) : link(output_begun, path)) != 0) {
		command_trouble(error, "%s: %s", path, strerror(errno));
		written = false;
	}
	if (!written || !replace)
		unlink(output_begun);
	output_guard(false);
	return written;
}
