#include "tests/e2e/case.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *
trim(char *text)
{
	size_t length;

	while (isspace((unsigned char)*text))
		text++;
	length = strlen(text);
	while (length > 0 && isspace((unsigned char)text[length - 1]))
		text[--length] = '\0';
	return text;
}

char *
file_text(const char *path, size_t *size)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t used = 0, room = 0, got;

	if (file == NULL)
		return NULL;
	do {
		if (used + 1 >= room) {
			room = room ? room * 2 : 65536;
			text = realloc(text, room);
			if (text == NULL)
				abort();
		}
		got = fread(text + used, 1, room - used - 1, file);
		used += got;
	} while (got > 0);
	fclose(file);
	text[used] = '\0';
	if (size != NULL)
		*size = used;
	return text;
}

int
case_marker(const char *file, const char *marker)
{
	char *text = file_text(file, NULL), wanted[128], *line, *rest = text;
	int number = 0, found = 0;

	if (text == NULL)
		return 0;
	snprintf(wanted, sizeof wanted, "# %s", marker);
	while (found == 0 && (line = strsep(&rest, "\n")) != NULL) {
		number++;
		if (strstr(line, wanted) != NULL)
			found = number;
	}
	free(text);
	return found;
}

static bool
whole_number(const char *text, int *out)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end != '\0' || value < 0 || value > 100000)
		return false;
	*out = (int)value;
	return true;
}

static bool
add_line(struct test_case *c, enum case_subject subject, const char *text, int number)
{
	if (c->line_count == CASE_LINES)
		return false;
	c->lines[c->line_count].subject = subject;
	c->lines[c->line_count].number = number;
	c->lines[c->line_count].text = strdup(text);
	c->line_count++;
	if (subject == CASE_EXPECT && strncmp(text, "failure", 7) == 0 && strcmp(text, "failure null") != 0)
		c->expects_failure = true;
	return true;
}

static void
replace(char **field, const char *text)
{
	free(*field);
	*field = strdup(text);
}

/* Takes one `word: rest` line. Returns false if it isn't one that a case can have. */
static bool
take_line(struct test_case *c, const char *word, const char *rest, int number)
{
	static const struct { const char *word; enum case_subject subject; } subjects[] = {
		{ "expect", CASE_EXPECT }, { "text", CASE_TEXT }, { "stderr", CASE_STDERR },
		{ "stdout", CASE_STDOUT }, { "sql", CASE_SQL },
		{ "diff", CASE_DIFF },
		{ "check", CASE_CHECK },
	};

	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
		if (strcmp(word, subjects[i].word) == 0)
			return add_line(c, subjects[i].subject, rest, number);
	if (strcmp(word, "program") == 0)
		replace(&c->program, rest);
	else if (strcmp(word, "run") == 0)
		replace(&c->run, rest);
	else if (strcmp(word, "options") == 0)
		replace(&c->options, rest);
	else if (strcmp(word, "needs") == 0)
		replace(&c->needs, rest);
	else if (strcmp(word, "repro") == 0) {
		if (strncmp(rest, "none ", 5) != 0)
			return false;
		replace(&c->no_repro, rest + 5);
	} else if (strcmp(word, "fixed") == 0) {
		replace(&c->fixed, rest);
		return *rest != '\0';
	} else if (strcmp(word, "env") == 0) {
		if (c->environment_count == 16 || strchr(rest, '=') == NULL)
			return false;
		c->environment[c->environment_count++] = strdup(rest);
	} else if (strcmp(word, "exit") == 0) {
		if (strcmp(rest, "SIGKILL") == 0)
			c->exit_status = 128 + SIGKILL;
		else
			return whole_number(rest, &c->exit_status);
	} else if (strcmp(word, "report") == 0)
		return whole_number(rest, &c->report_status);
	else if (strcmp(word, "timeout") == 0)
		return whole_number(rest, &c->timeout_s);
	else if (strcmp(word, "same") == 0) {
		c->same = strcmp(rest, "yes") == 0 ? CASE_SAME_ALWAYS : CASE_SAME_NEVER;
		return c->same == CASE_SAME_ALWAYS || strcmp(rest, "no") == 0;
	} else
		return false;
	return true;
}

struct test_case *
case_read(const char *path)
{
	char *text = file_text(path, NULL), *rest = text, *line;
	struct test_case *c;
	const char *slash = strrchr(path, '/');
	int number = 0;

	if (text == NULL) {
		fprintf(stderr, "%s: can't be read\n", path);
		return NULL;
	}
	c = calloc(1, sizeof *c);
	if (c == NULL)
		abort();
	c->name = strdup(slash ? slash + 1 : path);
	c->name[strlen(c->name) - strlen(".case")] = '\0';
	c->run = strdup("python {program}");
	c->options = strdup("");
	c->needs = strdup("");
	c->exit_status = -1;
	c->report_status = -1;
	c->timeout_s = 120;
	c->same = CASE_SAME_WHOLE;
	while ((line = strsep(&rest, "\n")) != NULL) {
		char *colon;

		number++;
		line = trim(line);
		if (*line == '\0' || *line == '#')
			continue;
		colon = strchr(line, ':');
		if (colon != NULL)
			*colon = '\0';
		if (colon == NULL || !take_line(c, line, trim(colon + 1), number)) {
			fprintf(stderr, "%s:%d: not a line of a case: %s\n", path, number, line);
			goto wrong;
		}
	}
	if (c->program == NULL || c->exit_status < 0) {
		fprintf(stderr, "%s: a case needs `program:` and `exit:`\n", path);
		goto wrong;
	}
	free(text);
	return c;
wrong:
	free(text);
	case_free(c);
	return NULL;
}

void
case_free(struct test_case *c)
{
	if (c == NULL)
		return;
	for (int i = 0; i < c->line_count; i++)
		free(c->lines[i].text);
	for (int i = 0; i < c->environment_count; i++)
		free(c->environment[i]);
	free(c->name);
	free(c->program);
	free(c->run);
	free(c->options);
	free(c->fixed);
	free(c->no_repro);
	free(c->needs);
	free(c);
}
