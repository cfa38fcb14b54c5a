/* Which line freezes. See freezes.h. */
#include <string.h>

#include "freezes.h"
#include "../../where.h"

#define FILES_MOST 32
#define PATH_MOST 400

struct search {
	char files[FILES_MOST][PATH_MOST];
	int count, rank; /* of what was found: 3 by a text that the names lack, 2 by a condition, 1 to False */
	const char *const *names;
	int name_count;
	struct freezes *out;
};

static void
add_file(struct search *search, const char *path)
{
	for (int i = 0; i < search->count; i++)
		if (strcmp(search->files[i], path) == 0)
			return;
	if (search->count < FILES_MOST && strlen(path) < PATH_MOST)
		text_format(search->files[search->count++], PATH_MOST, "%s", path);
}

/* What LINE sets requires_grad to; NULL. */
static const char *
value_of(const char *line)
{
	const char *at = strstr(line, ".requires_grad");

	if (!at)
		return NULL;
	at += strlen(".requires_grad");
	if (strncmp(at, "_(", 2) == 0)
		return at + 2;
	at += strspn(at, " ");
	return *at == '=' && at[1] != '=' ? at + 1 + strspn(at + 1, " ") : NULL;
}

/* Does VALUE ask a name to have a text (`"lora_" in name`) that none of the names has? */
static bool
leaves_out(const struct search *search, const char *value)
{
	const char *end = *value == '"' || *value == '\'' ? strchr(value + 1, *value) : NULL, *rest = end ? end + 1 : "";
	char text[64];

	if (!end || strncmp(rest, " in ", 4) != 0 || strstr(rest, " or ") || (size_t)(end - value) > sizeof(text))
		return false;
	text_format(text, sizeof(text), "%.*s", (int)(end - value - 1), value + 1);
	for (int i = 0; i < search->name_count; i++)
		if (strstr(search->names[i], text))
			return false;
	return search->name_count > 0;
}

static void
look_at(struct search *search, const char *file, const struct code *code, int at)
{
	const char *line = code->lines[at] + strspn(code->lines[at], " \t"), *value = *line == '#' ? NULL : value_of(line);
	int rank = !value || strncmp(value, "True", 4) == 0 || *value == ')' ? 0 : strncmp(value, "False", 5) == 0 ? 1 : leaves_out(search, value) ? 3 : 2;

	if (rank <= search->rank)
		return;
	search->rank = rank;
	text_format(search->out->where, sizeof(search->out->where), "%s:%d", text_basename(file), at + 1);
	text_format(search->out->source, sizeof(search->out->source), "%s", line);
	search->out->leaves_out = rank == 3;
}

/* The files beside FILE, and beside its folder, that LINE may import. */
static void
add_import(struct search *search, const char *file, const char *line)
{
	size_t skip = strncmp(line, "from ", 5) == 0 ? 5 : strncmp(line, "import ", 7) == 0 ? 7 : 0, size;
	const char *name = line + skip, *slash = strrchr(file, '/');
	char path[PATH_MOST];

	if (!skip || !slash)
		return;
	name += strspn(name, ".");
	size = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");
	for (int up = 0; size && up < 2 && slash; up++) {
		text_format(path, sizeof(path), "%.*s/%.*s.py", (int)(slash - file), file, (int)size, name);
		for (char *at = path + (slash - file); at < path + strlen(path) - 3; at++)
			*at = *at == '.' ? '/' : *at;
		add_file(search, path);
		while (slash > file && *--slash != '/')
			;
		slash = slash > file ? slash : NULL;
	}
}

bool
freezes_find(const struct cause_facts *facts, const char *const *names, int count, struct freezes *out)
{
	struct search search = { .names = names, .name_count = count, .out = out };
	struct code code;

	*out = (struct freezes){ .leaves_out = false };
	for (size_t i = 0; i < json_array_size(facts->frames); i++) {
		const char *file = text_get(json_array_get(facts->frames, i), "file");

		if (file[0] == '/' && where_is_program(file))
			add_file(&search, file);
	}
	for (int i = 0; i < search.count; i++) { /* it grows on the way */
		if (!code_open(&code, search.files[i], facts->time_ns))
			continue;
		for (int n = 0; n < code.count; n++) {
			look_at(&search, search.files[i], &code, n);
			add_import(&search, search.files[i], code.lines[n] + strspn(code.lines[n], " \t"));
		}
		code_close(&code);
	}
	return search.rank > 0;
}
