/* Where code draws numbers that PyTorch doesn't draw again: Python's random, numpy's. */
#include "code.h"

#include <stdlib.h>
#include <string.h>

#include "../../text.h"

#define CALLS_DEEP 2
#define BODY_LINES_MOST 400

static const char draws[] = "random uniform triangular randint randrange choice choices sample shuffle gauss normal normalvariate lognormvariate betavariate beta "
			    "expovariate exponential gammavariate binomial binomialvariate poisson geometric rand randn random_sample integers permutation standard_normal "
			    "getrandbits";

/* The word that ends before END, in OUT; where it begins. */
static const char *
word_before(const char *line, const char *end, char *out, size_t size)
{
	const char *begin = end;

	while (begin > line && text_is_word(begin[-1]))
		begin--;
	text_format(out, size, "%.*s", (int)(end - begin < 80 ? end - begin : 80), begin);
	return begin;
}

/* Is what the call at AT ("(" of "random.uniform(", "self.rng.choice(", "np.random.rand(") is made on a generator of Python's or numpy's? */
static bool
is_draw(const char *line, const char *at)
{
	char method[96], owner[96], outer[96] = "";
	const char *begin = word_before(line, at, method, sizeof(method));

	if (!text_among(draws, method) || begin == line || begin[-1] != '.')
		return false;
	begin = word_before(line, begin - 1, owner, sizeof(owner));
	if (begin > line && begin[-1] == '.')
		word_before(line, begin - 1, outer, sizeof(outer));
	if (strcmp(outer, "torch") == 0 || strcmp(owner, "torch") == 0)
		return false;
	return strcmp(owner, "random") == 0 || strcmp(owner, "rng") == 0 || (strlen(owner) > 4 && strcmp(owner + strlen(owner) - 4, "_rng") == 0);
}

/* Does LINE, a def, name NAME? */
static bool
defines(const char *line, const char *name)
{
	line += strspn(line, " \t");
	line += strncmp(line, "async ", 6) == 0 ? 6 : 0;
	return strncmp(line, "def ", 4) == 0 && strncmp(line + 4, name, strlen(name)) == 0 && line[4 + strlen(name)] == '(';
}

static int draws_in(const struct code *code, int first, int last, int deep);

/* The function NAME of the same file, where there is one alone of that name: its line that draws; 0. */
static int
draws_called(const struct code *code, const char *name, int deep)
{
	int found = -1, last;

	for (int i = 0; i < code->count; i++) {
		if (!defines(code->lines[i], name))
			continue;
		if (found >= 0)
			return 0; /* which one it is isn't known */
		found = i;
	}
	if (found < 0)
		return 0;
	for (last = found + 1; last < code->count && last - found < BODY_LINES_MOST; last++) {
		const char *line = code->lines[last];

		if (line[strspn(line, " \t\r")] && line[strspn(line, " \t")] != '#' && line[strspn(line, " \t")] != ')' && code_indent(line) <= code_indent(code->lines[found]))
			break;
	}
	return draws_in(code, found + 1, last - 1, deep);
}

/* The first of the lines FIRST to LAST (indices) that draws, or calls what does; as a number from 1, 0 if none does. */
static int
draws_in(const struct code *code, int first, int last, int deep)
{
	for (int i = first; i <= last && i < code->count; i++) {
		const char *line = code->lines[i];
		size_t length = strcspn(line, "#");

		for (const char *at = line; (at = memchr(at, '(', length - (size_t)(at - line))); at++) {
			char name[96];
			int within;

			if (is_draw(line, at))
				return i + 1;
			word_before(line, at, name, sizeof(name));
			if (deep > 0 && *name && (within = draws_called(code, name, deep - 1)))
				return within;
		}
	}
	return 0;
}

int
code_draws(const struct code *code, int line)
{
	struct code_statement *statements = calloc(CODE_STATEMENTS_MOST, sizeof(*statements));
	int count = statements ? code_statements(code, line, statements, CODE_STATEMENTS_MOST) : 0, found = 0;

	if (count > 1)
		found = draws_in(code, statements[0].last, statements[count - 1].last - 1, CALLS_DEEP);
	free(statements);
	return found;
}
