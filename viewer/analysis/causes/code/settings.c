#include "settings.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../text.h"
#include "../../where.h"

#define LINE_MOST 4096
#define PARENTS_MOST 3

static bool
is_key(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static void
add_setting(struct settings *settings, const char *key, size_t size, int64_t value, int file, int line)
{
	struct setting *setting;

	while (size && *key == '-') {
		key++;
		size--;
	}
	if (!size || size >= sizeof(setting->key) || isdigit((unsigned char)*key) || settings->count >= SETTINGS_MOST)
		return;
	setting = &settings->list[settings->count++];
	text_format(setting->key, sizeof(setting->key), "%.*s", (int)size, key);
	for (char *at = setting->key; *at; at++)
		*at = *at == '-' ? '_' : *at;
	setting->value = value;
	setting->file = file;
	setting->line = line;
}

/* The digits at *AT (underscores allowed); moves *AT on. */
static bool
read_digits(const char **at, int64_t *out)
{
	char digits[24];
	size_t count = 0;

	*at += strspn(*at, " \t");
	while ((isdigit((unsigned char)**at) || (**at == '_' && count)) && count < sizeof(digits) - 5) {
		if (**at != '_')
			digits[count++] = **at;
		(*at)++;
	}
	digits[count] = 0;
	*out = strtoll(digits, NULL, 10);
	return count > 0;
}

static bool
apply(int64_t *value, const char *operator, int64_t by)
{
	int64_t one = *value;

	if (strcmp(operator, "*") == 0)
		return !__builtin_mul_overflow(one, by, value);
	if (strcmp(operator, "+") == 0)
		return !__builtin_add_overflow(one, by, value);
	if (strcmp(operator, "-") == 0)
		return !__builtin_sub_overflow(one, by, value);
	if (strcmp(operator, "//") == 0 && by > 0)
		return *value = one / by, true;
	if (strcmp(operator, "<<") == 0 && by < 40 && one < 1 << 20)
		return *value = one << by, true;
	if (strcmp(operator, "**") != 0 || by > 40)
		return false;
	for (*value = 1; by > 0; by--)
		if (__builtin_mul_overflow(*value, one, value))
			return false;
	return true;
}

/* The integer at AT, or a product, sum, power of integers, from left to right, with nothing but an end after it. */
static bool
read_integer(const char *at, int64_t *out)
{
	static const char *const operators[] = { "**", "//", "<<", "*", "+", "-" };
	int terms = 1;

	at += strspn(at, " \t\"'");
	if (!read_digits(&at, out))
		return false;
	for (bool more = true; more && terms < 6;) {
		const char *next = at + strspn(at, " ");

		more = false;
		for (size_t i = 0; i < sizeof(operators) / sizeof(*operators) && !more; i++)
			if (strncmp(next, operators[i], strlen(operators[i])) == 0) {
				int64_t by;

				at = next + strlen(operators[i]);
				if (!read_digits(&at, &by) || !apply(out, operators[i], by))
					return false;
				if (terms > 1 && *operators[i] == '*')
					return false; /* precedence is left to Python */
				more = true;
				terms++;
			}
	}
	return !*at || strchr(" \t\r\n,;#)}]\"'", *at);
}

/* The option that an argparse line declares, the last one before its DEFAULT: that is the option's. */
static bool
add_default(struct settings *settings, const char *text, const char *is_default, int64_t value, int file, int line)
{
	const char *option = NULL;
	size_t size = 0;

	for (const char *at = text; (at = strstr(at, "--")) && at < is_default; at += 2)
		option = at > text && strchr("\"'", at[-1]) ? at - 1 : option;
	if (!option)
		return false;
	for (option += 3; is_key(option[size]);)
		size++;
	add_setting(settings, option, size, value, file, line);
	return true;
}

/* "WIDTH, HEIGHT = 32, 24": each name its number; false if it is no such line. */
static bool
add_tuple(struct settings *settings, const char *text, const char *equals, int file, int line)
{
	const char *name = text + strspn(text, " \t"), *value = equals + 1;

	for (const char *at = name; at < equals; at++)
		if (!is_key(*at) && !strchr(", ", *at))
			return false;
	if (!memchr(name, ',', (size_t)(equals - name)))
		return false;
	for (const char *at = value; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
		int64_t number;

		if (!read_integer(at, &number))
			return false;
	}
	while (name < equals && value) {
		size_t size = 0;
		int64_t number;

		name += strspn(name, ", ");
		while (is_key(name[size]))
			size++;
		if (name < equals && size && read_integer(value, &number))
			add_setting(settings, name, size, number, file, line);
		name += size;
		name += name < equals && !size;
		value = strchr(value, ',');
		value = value ? value + 1 : NULL;
	}
	return true;
}

void
settings_add_line(struct settings *settings, const char *text, int file, int line)
{
	for (const char *at = text; (at = strpbrk(at, ":=")); at++) {
		const char *end = at, *key, *value = at + 1, *otherwise;
		int64_t number;

		if (at == text || at[1] == '=' || strchr("=!<>+*/%&|^", at[-1]))
			continue;
		if (*at == ':') { /* "name: int = 512" */
			const char *kind = value + strspn(value, " ");
			size_t size = strcspn(kind, "=,{}[\"'0123456789");

			if (size && kind[size] == '=' && isalpha((unsigned char)*kind))
				value = kind + size + 1;
		} else if (add_tuple(settings, text, at, file, line)) {
			return;
		}
		while (end > text && strchr(" \t\"'", end[-1]))
			end--;
		for (key = end; key > text && is_key(key[-1]);)
			key--;
		otherwise = strstr(value, " else ");
		if (otherwise && key < end && strstr(value, " if ") && read_integer(otherwise + 6, &number)) /* "64 if fast else 48" */
			add_setting(settings, key, (size_t)(end - key), number, file, line);
		if (!read_integer(value, &number))
			continue;
		if (end - key == 7 && strncmp(key, "default", 7) == 0 && add_default(settings, text, key, number, file, line))
			continue;
		add_setting(settings, key, (size_t)(end - key), number, file, line);
	}
}

void
settings_add_command(struct settings *settings, const json_t *argv)
{
	for (size_t i = 0; i < json_array_size(argv); i++) {
		const char *word = json_string_value(json_array_get(argv, i)), *next = json_string_value(json_array_get(argv, i + 1));
		const char *equals = word ? strchr(word, '=') : NULL, *dot;
		int64_t value;

		if (!word)
			continue;
		dot = equals ? memrchr(word, '.', (size_t)(equals - word)) : strrchr(word, '.');
		dot = dot ? dot + 1 : word;
		if (equals && read_integer(equals + 1, &value))
			add_setting(settings, dot, (size_t)(equals - dot), value, -1, 0);
		else if (!equals && word[0] == '-' && next && read_integer(next, &value))
			add_setting(settings, dot, strlen(dot), value, -1, 0);
	}
}

static bool
has_ending(const char *path, const char *endings)
{
	const char *dot = strrchr(text_basename(path), '.');

	return dot && text_among(endings, dot + 1);
}

static void add_file(struct settings *settings, const char *cwd, const char *path, int64_t time_ns);

/* Configuration files that a line of the program in FOLDER names: open("run.yaml"), os.path.join(here, "conf", "run.yaml"). */
static void
add_quoted(struct settings *settings, const char *cwd, const char *folder, const char *text, int64_t time_ns)
{
	const char *after = NULL; /* the name before this one */
	char path[512] = "";

	for (const char *at = text; (at = strpbrk(at, "\"'"));) {
		const char *end = strchr(at + 1, *at);
		size_t used = after && after + strspn(after, " ,/") == at ? strlen(path) : 0;

		if (!end)
			return;
		if ((size_t)(end - at) + used + 1 < sizeof(path)) {
			text_format(path + used, sizeof(path) - used, "%s%.*s", used ? "/" : "", (int)(end - at - 1), at + 1);
			if (end - at > 4 && has_ending(path, "yaml yml json toml cfg ini")) {
				add_file(settings, cwd, path, time_ns);
				add_file(settings, folder, path, time_ns);
			}
		}
		after = at = end + 1;
	}
}

static void
add_file(struct settings *settings, const char *cwd, const char *path, int64_t time_ns)
{
	char *full, *line = NULL, folder[1024];
	size_t room = 0;
	struct stat stat;
	int descriptor, number = 0, place = settings->file_count;
	FILE *file;

	if (place >= SETTINGS_FILES_MOST || (path[0] != '/' && cwd[0] != '/'))
		return;
	full = settings->files[place];
	text_format(full, sizeof(settings->files[place]), "%s%s%s", path[0] == '/' ? "" : cwd, path[0] == '/' ? "" : "/", path);
	for (int i = 0; i < place; i++)
		if (strcmp(settings->files[i], full) == 0)
			return;
	descriptor = open(full, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (descriptor < 0)
		return;
	file = fstat(descriptor, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size <= SETTINGS_BYTES_MOST &&
		       (time_ns <= 0 || stat.st_mtim.tv_sec <= time_ns / 1000000000) ? fdopen(descriptor, "r") : NULL;
	if (!file) {
		close(descriptor);
		return;
	}
	settings->file_count++;
	text_format(folder, sizeof(folder), "%.*s", (int)(strrchr(full, '/') - full), full);
	while (getline(&line, &room, file) >= 0) {
		number++;
		if (strlen(line) < LINE_MOST && line[strspn(line, " \t")] != '#')
			settings_add_line(settings, line, place, number);
		if (strlen(line) < LINE_MOST && has_ending(full, "py"))
			add_quoted(settings, cwd, folder, line, time_ns);
	}
	free(line);
	fclose(file);
}

/* The process that started PROCESS, -1 if it left no trace. */
static int
parent_of(const struct source *source, int process)
{
	int pid = source->process(source->context, process)->parent_pid;

	for (int i = 0; i < source->process_count(source->context); i++)
		if (i != process && pid > 0 && source->process(source->context, i)->pid == pid)
			return i;
	return -1;
}

void
settings_load(const struct source *source, int process, const json_t *frames, int64_t time_ns, struct settings *out)
{
	const struct note *notes;
	const json_t *argv = NULL;
	const char *cwd = "";

	out->count = out->file_count = 0;
	/* A worker's own command may say nothing of the program's: then that of the process it came from is asked. */
	for (int from = process, more = 0; from >= 0 && more < PARENTS_MOST && json_array_size(argv) < 2; from = parent_of(source, from), more++)
		if (source->notes(source->context, from, "environment", &notes) > 0) {
			argv = json_object_get(notes[0].json, "argv");
			cwd = text_get(notes[0].json, "cwd");
		}
	for (size_t i = 0; i < json_array_size(argv); i++) {
		const char *word = json_string_value(json_array_get(argv, i)), *equals = word ? strchr(word, '=') : NULL;

		if (word && has_ending(word, "yaml yml json toml cfg ini"))
			add_file(out, cwd, equals ? equals + 1 : word, time_ns);
	}
	settings_add_command(out, argv);
	for (size_t i = 0; i < json_array_size(frames); i++) {
		const char *file = text_get(json_array_get(frames, i), "file");

		if (has_ending(file, "py") && !where_is_foreign(file) && !strstr(file, "-packages/"))
			add_file(out, cwd, file, time_ns);
	}
	for (size_t i = 0; i < json_array_size(argv); i++) { /* the program itself, which a thread's or a data worker's frames don't have */
		const char *word = json_string_value(json_array_get(argv, i));

		if (word && has_ending(word, "py") && !where_is_foreign(word) && !strstr(word, "-packages/"))
			add_file(out, cwd, word, time_ns);
	}
}

/* The last name of "self.config.width", "cfg['width']", "sizes[0]". */
static size_t
last_name(const char *name, const char **out)
{
	const char *end = name + strlen(name), *start;

	while (end > name && !is_key(end[-1]))
		end--;
	for (start = end; start > name && is_key(start[-1]);)
		start--;
	*out = start;
	return (size_t)(end - start);
}

const struct setting *
settings_find(const struct settings *settings, const char *name, int64_t value)
{
	const struct setting *best = NULL;
	const char *last;
	size_t size = last_name(name, &last);
	char key[64];
	int best_rank = 3;

	if (!settings || !size || size >= sizeof(key))
		return NULL;
	text_format(key, sizeof(key), "%.*s", (int)size, last);
	for (char *at = key; *at; at++)
		*at = *at == '-' ? '_' : *at;
	for (int i = 0; i < settings->count; i++) {
		const struct setting *is = &settings->list[i];
		int rank = is->file < 0 ? 1 : has_ending(settings->files[is->file], "py") ? 2 : 0;

		if (is->value == value && rank < best_rank && strcasecmp(is->key, key) == 0) {
			best = is;
			best_rank = rank;
		}
	}
	return best;
}

const char *
settings_name(const struct settings *settings, const char *name, int64_t value)
{
	const struct setting *found = strstr(name, "kwargs['") ? settings_find(settings, name, value) : NULL;

	return found ? found->key : name;
}
