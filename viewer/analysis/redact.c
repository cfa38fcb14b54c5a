#include "redact.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define NAMES_MOST 4096
#define FOUND_LEAST 5

static const char *const homes[] = { "/home/", "/Users/" };

void
redact_free(struct redact *redact)
{
	for (size_t i = 0; i < redact->count; i++) {
		free(redact->names[i].name);
		free(redact->names[i].with);
	}
	free(redact->names);
	*redact = (struct redact){ 0 };
}

/* Ordinary words, and what would stand in any text. */
static bool
is_ordinary(enum redact_kind kind, const char *name)
{
	static const char users[] = "root user users admin administrator guest test ubuntu debian centos ec2-user jovyan vscode runner nobody data work "
				    "share shared public common project projects conda opc azureuser home model train torch python",
			  hosts[] = "localhost localhost.localdomain host cpu cuda gpu node main master worker meta";
	bool digits = true;

	for (const char *at = name; *at; at++)
		digits = digits && (isdigit((unsigned char)*at) || *at == '.');
	if (kind == REDACT_HOME)
		return strlen(name) < 2;
	return strlen(name) < 2 || text_among(kind == REDACT_USER ? users : hosts, name) ||
	       (digits && (kind == REDACT_USER || strncmp(name, "127.", 4) == 0 || strcmp(name, "0.0.0.0") == 0 || !strchr(name, '.')));
}

static bool
add_name(struct redact *redact, enum redact_kind kind, const char *name, const char *with)
{
	size_t place = 0;
	struct redact_name *grown;

	for (size_t i = 0; i < redact->count; i++)
		if (strcmp(redact->names[i].name, name) == 0)
			return false;
	if (redact->count == NAMES_MOST)
		return false;
	grown = realloc(redact->names, (redact->count + 1) * sizeof *grown);
	if (!grown) {
		redact->failed = true;
		return false;
	}
	redact->names = grown;
	while (place < redact->count && strlen(grown[place].name) >= strlen(name))
		place++;
	memmove(&grown[place + 1], &grown[place], (redact->count - place) * sizeof *grown);
	grown[place] = (struct redact_name){ kind, strdup(name), strdup(with) };
	redact->count++;
	redact->failed = redact->failed || !grown[place].name || !grown[place].with;
	return true;
}

void
redact_learn(struct redact *redact, enum redact_kind kind, const char *name)
{
	char with[32], part[256];
	size_t size = name ? strlen(name) : 0;

	while (kind == REDACT_HOME && size > 1 && name[size - 1] == '/')
		size--;
	if (!size || size >= sizeof part || (kind == REDACT_HOME && *name != '/'))
		return;
	text_format(part, sizeof part, "%.*s", (int)size, name);
	if (is_ordinary(kind, part))
		return;
	if (kind != REDACT_HOST) {
		add_name(redact, kind, part, kind == REDACT_HOME ? "/home/user" : "user");
		return;
	}
	text_format(with, sizeof with, "host%zu", redact->hosts + 1);
	if (add_name(redact, kind, part, with))
		redact->hosts++;
	else
		return;
	part[strcspn(part, ".")] = 0; /* gpu01.example.com is gpu01, too; an address has no such part */
	if (strlen(part) < size && !is_ordinary(kind, part) && !isdigit((unsigned char)*part))
		add_name(redact, kind, part, with);
}

static void
learn_values(struct redact *redact, const json_t *value)
{
	static const char addresses[] = "MASTER_ADDR SLURM_NODELIST SLURM_JOB_NODELIST SLURMD_NODENAME HOSTNAME SLURM_LAUNCH_NODE_IPADDR";
	const char *key;
	json_t *item;
	size_t i;

	json_array_foreach(value, i, item)
		learn_values(redact, item);
	json_object_foreach((json_t *)value, key, item) {
		if (json_is_string(item) && (strcmp(key, "host") == 0 || text_among(addresses, key)))
			redact_learn(redact, REDACT_HOST, json_string_value(item));
		learn_values(redact, item);
	}
}

static json_t *
as_json(const char *text)
{
	return *text == '{' || *text == '[' ? json_loads(text, 0, NULL) : NULL;
}

void
redact_learn_text(struct redact *redact, const char *text)
{
	json_t *json = as_json(text);

	for (size_t i = 0; i < sizeof homes / sizeof *homes; i++)
		for (const char *at = text; (at = strstr(at, homes[i]));) {
			size_t size = strcspn(at += strlen(homes[i]), "/ \t\r\n\"'\\:;,()[]{}<>=|&$?*!");
			char name[256];

			/* "/home/" within another path is no home directory */
			if (size && size < sizeof name && (at - strlen(homes[i]) == text || !text_is_word(at[-(long)strlen(homes[i]) - 1]))) {
				text_format(name, sizeof name, "%.*s", (int)size, at);
				redact_learn(redact, REDACT_USER, name);
			}
		}
	if (json) {
		learn_values(redact, json);
		json_decref(json);
	}
}

/* Does NAME stand at AT as a word of its own, or as a directory? */
static bool
stands(const struct redact_name *name, const char *begin, const char *at, const char *end)
{
	size_t size = strlen(name->name);
	char after = at + size < end ? at[size] : ' ';

	if ((size_t)(end - at) < size || memcmp(at, name->name, size) != 0)
		return false;
	if (name->kind == REDACT_HOME)
		return !text_is_word(after) && after != '-' && after != '.' && (at == begin || (!text_is_word(at[-1]) && at[-1] != '/' && at[-1] != '.'));
	return !text_is_word(after) && (at == begin || !text_is_word(at[-1]));
}

static char *
redact_plain(struct redact *redact, const char *text)
{
	char *out = NULL;
	size_t size = 0;
	const char *end = text + strlen(text);
	FILE *memory = open_memstream(&out, &size);
	bool ok;

	if (!memory) {
		redact->failed = true;
		return NULL;
	}
	for (const char *at = text; at < end;) {
		size_t i = 0;

		while (i < redact->count && !stands(&redact->names[i], text, at, end))
			i++;
		if (i < redact->count) {
			fputs(redact->names[i].with, memory);
			at += strlen(redact->names[i].name);
		} else {
			putc(*at++, memory);
		}
	}
	ok = !ferror(memory);
	ok = fclose(memory) == 0 && ok && !redact->failed;
	if (!ok) {
		redact->failed = true;
		free(out);
		return NULL;
	}
	return out;
}

void
redact_json(struct redact *redact, json_t *value)
{
	const char *key;
	json_t *item;
	size_t i;

	if (json_is_string(value)) {
		char *text = redact_plain(redact, json_string_value(value));

		if (json_string_set(value, text ? text : "") != 0)
			redact->failed = true;
		free(text);
	}
	json_array_foreach(value, i, item)
		redact_json(redact, item);
	json_object_foreach(value, key, item)
		redact_json(redact, item);
}

char *
redact_text(struct redact *redact, const char *text)
{
	json_t *json = as_json(text);
	char *out;

	if (!json)
		return redact_plain(redact, text);
	redact_json(redact, json);
	out = redact->failed ? NULL : json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(json);
	if (!out)
		redact->failed = true;
	return out;
}

const char *
redact_find(const struct redact *redact, const char *bytes, size_t size)
{
	for (size_t i = 0; i < redact->count; i++) {
		const struct redact_name *name = &redact->names[i];
		size_t length = strlen(name->name);

		for (const char *at = bytes; length >= FOUND_LEAST && (at = memmem(at, size - (size_t)(at - bytes), name->name, length)); at++)
			if (stands(name, bytes, at, bytes + size))
				return name->name;
	}
	return NULL;
}
