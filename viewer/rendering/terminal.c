#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

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

void
terminal_notice(const char *text)
{
	static bool shown;

	if (!isatty(STDERR_FILENO))
		return;
	if (shown)
		fputs("\r\033[K", stderr);
	if (text)
		fputs(text, stderr);
	fflush(stderr);
	shown = text != NULL;
}
