/* What a subscript asked of a tensor in Python, before any operation ran: more dimensions than it has, or a place behind its end. See check.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "../mismatch/mismatch_rule.h"
#include "../text.h"

/* How many dimensions the indices from AT, behind a bracket, take; -1 where they don't end. (None adds one, it takes none.) */
static int
indices_at(const char *at)
{
	int depth = 0, count = 0;
	const char *begin = at;

	for (; *at; at++) {
		bool ends = !depth && (*at == ',' || *at == ']');
		size_t length;

		if (ends) {
			begin += strspn(begin, " ");
			length = (size_t)(at > begin ? at - begin : 0);
			while (length && begin[length - 1] == ' ')
				length--;
			count += length && !(length == 4 && strncmp(begin, "None", 4) == 0) && !(length == 3 && strncmp(begin, "...", 3) == 0) &&
				 !(length >= 7 && strncmp(begin + length - 7, "newaxis", 7) == 0);
			begin = at + 1;
		}
		if (ends && *at == ']')
			return count;
		depth += strchr("([{", *at) ? 1 : strchr(")]}", *at) ? -1 : 0;
	}
	return -1;
}

/* What stands behind the bracket of the first subscript of NAME in TEXT; NULL. */
static const char *
next_subscript(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = text; length && (at = strstr(at, name)); at++)
		if ((at == text || (!text_is_word(at[-1]) && at[-1] != '.')) && at[length] == '[')
			return at + length + 1;
	return NULL;
}

/* The most dimensions that TEXT indexes NAME by; 0. */
static int
indices_of(const char *text, const char *name)
{
	int most = 0;

	for (const char *at = text; (at = next_subscript(at, name));)
		if (indices_at(at) > most)
			most = indices_at(at);
	return most;
}

bool
check_indexes(const struct source *source, const struct failure *failure, const json_t *frames, struct subject *out, struct mismatch *found)
{
	const char *at = failure->message ? strstr(failure->message, "too many indices for tensor of dimension ") : NULL;
	struct mismatch_facts facts = { .event = &out->event };
	const json_t *tensors[CHECK_TENSORS_MOST], *one = NULL;
	struct condition_scope scope;
	void *room;
	int count, most = 0;
	int64_t rank;

	if (!at || !text_number(&at, &rank) || !check_open(&scope, &room, source, failure, frames))
		return false;
	count = check_tensors(source, failure, frames, tensors);
	for (int i = 0; i < count && !one; i++) {
		most = indices_of(scope.statements[scope.count - 1].text, text_get(tensors[i], "name"));
		if ((int64_t)json_array_size(json_object_get(tensors[i], "shape")) == rank && most > rank)
			one = tensors[i];
	}
	free(room);
	subject_start(out, SUBJECT_CHECK);
	mismatch_start(found);
	return one && subject_add(out, text_get(one, "name"), one) && state_rank(&facts, found, 0, -1, most);
}

/* The name in the first subscript of NAME on the line TEXT that is one ("i" of "rows[i]"), in OUT; false where there is none. */
static bool
subscript_of(const char *text, const char *name, char *out, size_t size)
{
	for (const char *at = text; (at = next_subscript(at, name));) {
		size_t path = code_path(at);

		if (path && at[path] == ']') {
			text_format(out, size, "%.*s", (int)path, at);
			return true;
		}
	}
	return false;
}

/* "index 4 is out of bounds for dimension 0 with size 4": its three numbers. */
static bool
told_beyond(const char *message, int64_t *index, int64_t *dim, int64_t *rows)
{
	static const char *const words[] = { "index ", " is out of bounds for dimension ", " with size " };
	int64_t *const numbers[] = { index, dim, rows };
	const char *at = message ? strstr(message, words[0]) : NULL;

	for (int i = 0; at && i < 3; i++) {
		if (strncmp(at, words[i], strlen(words[i])) != 0)
			return false;
		at += strlen(words[i]);
		if (!text_number(&at, numbers[i]))
			return false;
	}
	return at != NULL;
}

/* The one of the failing line's tensors that has ROWS in DIM and is given a subscript there; NULL where none or several are. */
static const json_t *
find_subscripted(const struct source *source, const struct failure *failure, const json_t *frames, const char *line, int64_t dim, int64_t rows)
{
	const json_t *tensors[CHECK_TENSORS_MOST], *found = NULL;
	int count = check_tensors(source, failure, frames, tensors);

	for (int i = 0; i < count; i++) {
		const json_t *shape = json_object_get(tensors[i], "shape");

		if (dim >= (int64_t)json_array_size(shape) || json_integer_value(json_array_get(shape, (size_t)dim)) != rows || !indices_of(line, text_get(tensors[i], "name")))
			continue;
		if (found)
			return NULL;
		found = tensors[i];
	}
	return found;
}

bool
check_subscripts(const struct source *source, const struct failure *failure, const json_t *frames, struct subject *out, struct mismatch *found)
{
	struct mismatch_facts facts = { .event = &out->event };
	int64_t index, dim, rows;
	const json_t *one;
	struct condition_scope scope;
	char name[96] = "";
	void *room;

	if (!told_beyond(failure->message, &index, &dim, &rows) || index < rows || index == INT64_MAX || dim < 0 || !check_open(&scope, &room, source, failure, frames))
		return false;
	one = find_subscripted(source, failure, frames, scope.statements[scope.count - 1].text, dim, rows);
	if (one)
		subscript_of(scope.statements[scope.count - 1].text, text_get(one, "name"), name, sizeof(name));
	free(room);
	subject_start(out, SUBJECT_SUBSCRIPT);
	mismatch_start(found);
	if (!one || !subject_add(out, text_get(one, "name"), one) || !state_size(&facts, found, 0, (int)dim, -1, -1, index + 1, rows))
		return false;
	if (*name)
		text_say(found->text, sizeof(found->text), "%s has %" PRId64 " in dimension %d where %s = %" PRId64 " asks for number %" PRId64 ", counted from 1", out->operands[0].name, rows, (int)dim, name,
			 index, index + 1);
	else
		text_say(found->text, sizeof(found->text), "%s has %" PRId64 " in dimension %d where index %" PRId64 " is asked for", out->operands[0].name, rows, (int)dim, index);
	return found->from_message = true;
}
