#include "run_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define MASK "***"

/* Does the NAME of an option or variable say that its value is a secret? "hf_token", "API-KEY", "db.password"; but
 * "tokenizer", "max_tokens" and "monkeypatch" don't. */
static bool
record_secret_name(const char *name, size_t size)
{
	static const char *const anywhere[] = { "secret", "password", "passwd", "credential", "apikey" };
	static const char *const at_end[] = { "token", "key", "auth", "pwd" };
	static const char *const harmless[] = { "pad_token", "image_token", "eos_token", "bos_token", "video_token" };
	char low[128];

	while (size > 0 && *name == '-') {
		name++;
		size--;
	}
	if (size >= sizeof low)
		size = sizeof low - 1;
	for (size_t i = 0; i < size; i++)
		low[i] = name[i] == '-' || name[i] == '.' ? '_' : (char)tolower((unsigned char)name[i]);
	low[size] = 0;
	for (unsigned i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
		if (strcmp(low, harmless[i]) == 0)
			return false;
	for (unsigned i = 0; i < sizeof anywhere / sizeof anywhere[0]; i++)
		if (strstr(low, anywhere[i]))
			return true;
	/* a word of the name ends so: WANDB_API_KEY, HF_TOKEN_READ, accesskey */
	for (unsigned i = 0; i < sizeof at_end / sizeof at_end[0]; i++) {
		for (const char *at = low; (at = strstr(at, at_end[i])); at++) {
			char after = at[strlen(at_end[i])];

			if (after == 0 || after == '_' || isdigit((unsigned char)after))
				return true;
		}
	}
	return false;
}

/* Replace the user and password of each URL in TEXT. Returns a new string. */
static char *
record_mask_urls(const char *text)
{
	char *masked = malloc(strlen(text) * 2 + 8), *out = masked;

	if (!masked)
		return NULL;
	while (*text) {
		size_t scheme = strncmp(text, "://", 3) == 0 ? 3 : 0;
		size_t part;

		if (!scheme) {
			*out++ = *text++;
			continue;
		}
		memcpy(out, text, scheme);
		out += scheme;
		text += scheme;
		part = strcspn(text, "/?#@ ");
		if (text[part] == '@') {
			out = stpcpy(out, MASK);
			text += part;
		}
	}
	*out = 0;
	return masked;
}

json_t *
run_record_command(char *const *argv)
{
	json_t *command = json_array();
	bool secret_follows = false;

	for (; *argv; argv++) {
		const char *word = *argv, *equals = strchr(word, '=');
		char *masked = NULL;
		json_t *text;

		if (secret_follows && word[0] != '-') {
			masked = strdup(MASK);
			secret_follows = false;
		} else if (equals && record_secret_name(word, (size_t)(equals - word))) {
			if (asprintf(&masked, "%.*s=" MASK, (int)(equals - word), word) < 0)
				masked = NULL;
			secret_follows = false;
		} else {
			masked = record_mask_urls(word);
			secret_follows = word[0] == '-' && !equals && record_secret_name(word, strlen(word));
		}
		text = masked ? json_string(masked) : NULL;
		json_array_append_new(command, text ? text : json_string("?"));
		free(masked);
	}
	return command;
}

bool
run_record_write(const struct run_child *child)
{
	char path[PATH_MAX + 32], temporary[PATH_MAX + 32], cwd[PATH_MAX];
	json_t *record;
	bool ended = child->end_ns != 0, written;

	if (child->joined)
		return true;
	if (!getcwd(cwd, sizeof cwd))
		cwd[0] = 0;
	snprintf(path, sizeof path, "%s/run.json", child->directory);
	snprintf(temporary, sizeof temporary, "%s/run.json.new", child->directory);
	record = json_pack("{s:o, s:s?, s:I, s:o, s:o, s:o, s:i}", "command", run_record_command(child->argv), "cwd",
			   cwd[0] ? cwd : NULL, "start_ns", (json_int_t)child->start_ns, "end_ns",
			   ended ? json_integer(child->end_ns) : json_null(), "exit_status",
			   ended && child->signal == 0 ? json_integer(child->exit_status) : json_null(), "signal",
			   ended && child->signal ? json_integer(child->signal) : json_null(), "pid", (int)child->pid);
	if (!record) /* a cwd that isn't UTF-8 */
		record = json_pack("{s:o, s:I, s:i}", "command", run_record_command(child->argv), "start_ns",
				   (json_int_t)child->start_ns, "pid", (int)child->pid);
	if (record && child->job && child->job[0])
		json_object_set_new(record, "job", json_string(child->job));
	written = record && json_dump_file(record, temporary, JSON_INDENT(1)) == 0 && rename(temporary, path) == 0;
	if (!written)
		unlink(temporary);
	json_decref(record);
	return written;
}
