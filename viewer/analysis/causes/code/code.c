/* Source as lines and statements. */
#include "code.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../text.h"

#define FILE_BYTES_MOST (8 << 20)
#define LINES_UP_MOST 2000
#define LINES_OF_ONE_MOST 200

static char *
read_file(const char *path, int64_t changed_ns, size_t *size)
{
	int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat stat;
	char *data = NULL;
	ssize_t got = -1;

	if (descriptor < 0)
		return NULL;
	if (fstat(descriptor, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size <= FILE_BYTES_MOST &&
	    (!changed_ns || (int64_t)stat.st_mtim.tv_sec * 1000000000 + stat.st_mtim.tv_nsec <= changed_ns))
		data = malloc((size_t)stat.st_size + 1);
	if (data)
		got = read(descriptor, data, (size_t)stat.st_size);
	close(descriptor);
	if (got < 0) {
		free(data);
		return NULL;
	}
	data[got] = 0;
	*size = (size_t)got;
	return data;
}

bool
code_open(struct code *code, const char *path, int64_t changed_ns)
{
	size_t size = 0, lines = 1;

	*code = (struct code){ .data = read_file(path, changed_ns, &size) };
	for (size_t i = 0; code->data && i < size; i++)
		lines += code->data[i] == '\n';
	code->lines = code->data ? malloc(lines * sizeof(*code->lines)) : NULL;
	if (!code->lines) {
		code_close(code);
		return false;
	}
	for (char *at = code->data; at;) {
		char *end = strchr(at, '\n');

		code->lines[code->count++] = at;
		if (end)
			*end++ = 0;
		at = end;
	}
	return true;
}

void
code_close(struct code *code)
{
	free(code->data);
	free(code->lines);
	*code = (struct code){ 0 };
}

bool
code_line(const struct code *code, int64_t number, char *out, size_t size)
{
	const char *at;
	size_t length;

	if (number < 1 || number > code->count)
		return false;
	at = code->lines[number - 1];
	while (isspace((unsigned char)*at))
		at++;
	length = strlen(at);
	while (length && isspace((unsigned char)at[length - 1]))
		length--;
	text_format(out, size, "%.*s", (int)(length < INT16_MAX ? length : INT16_MAX), at);
	return *out != 0;
}

int
code_indent(const char *line)
{
	int indent = 0;

	for (; *line == ' ' || *line == '\t'; line++)
		indent += *line == '\t' ? 8 - indent % 8 : 1;
	return indent;
}

static bool
is_blank(const char *line)
{
	line += strspn(line, " \t\r\f");
	return !*line || *line == '#';
}

static bool
is_def(const char *line)
{
	line += strspn(line, " \t");
	return strncmp(line, "def ", 4) == 0 || strncmp(line, "async def ", 10) == 0;
}

/* Index of the def around LINE (an index, too); where there is none, of the first line of the file, at most so far up. */
static int
find_def(const struct code *code, int line)
{
	int indent = code_indent(code->lines[line]), i;

	for (i = line; i > 0 && line - i < LINES_UP_MOST; i--)
		if (i < line && is_def(code->lines[i]) && code_indent(code->lines[i]) < indent)
			break;
	return i;
}

/* How the text of a statement is being read: brackets open, the quote of a string that goes over lines. */
struct reading { int depth; char quote[4]; bool joined; };

static void
put(struct code_statement *out, size_t *used, char c)
{
	if (*used + 1 < sizeof(out->text)) {
		out->text[(*used)++] = c;
		out->text[*used] = 0;
	}
}

/* One line of a statement, without its comment. */
static void
read_line(const char *at, struct reading *reading, struct code_statement *out, size_t *used)
{
	reading->joined = false;
	for (at += *reading->quote ? 0 : strspn(at, " \t"); *at; at++) {
		size_t quote = strlen(reading->quote);

		if (quote) {
			if (*at == '\\' && at[1]) {
				put(out, used, *at++);
			} else if (strncmp(at, reading->quote, quote) == 0) {
				*reading->quote = 0;
				at += quote - 1;
			}
			put(out, used, *at);
			continue;
		}
		if (*at == '#')
			break;
		if (*at == '\'' || *at == '"')
			text_format(reading->quote, sizeof(reading->quote), "%.*s", at[1] == *at && at[2] == *at ? 3 : 1, at);
		reading->depth += *at == '(' || *at == '[' || *at == '{' ? 1 : *at == ')' || *at == ']' || *at == '}' ? -1 : 0;
		if (*at == '\\' && (!at[1] || at[1] == '\r'))
			reading->joined = true;
		else
			put(out, used, *at);
		at += strlen(reading->quote) == 3 ? 2 : 0;
	}
	if (strlen(reading->quote) == 1)
		*reading->quote = 0; /* a string of one line ends with it */
	put(out, used, ' ');
}

int
code_statements(const struct code *code, int line, struct code_statement *out, int most)
{
	int count = 0, at;

	if (line < 1 || line > code->count || most < 1)
		return 0;
	at = find_def(code, line - 1);
	while (at < line) {
		struct reading reading = { 0 };
		struct code_statement *statement;
		size_t used = 0;

		if (is_blank(code->lines[at])) {
			at++;
			continue;
		}
		if (count == most)
			memmove(out, out + 1, (size_t)--count * sizeof(*out));
		statement = &out[count++];
		*statement = (struct code_statement){ .first = at + 1, .indent = code_indent(code->lines[at]) };
		do {
			read_line(code->lines[at++], &reading, statement, &used);
		} while (at < code->count && at - statement->first < LINES_OF_ONE_MOST &&
			 (reading.depth > 0 || reading.joined || *reading.quote));
		statement->last = at;
	}
	return count && out[count - 1].first <= line ? count : 0;
}
