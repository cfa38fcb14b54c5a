#include "../../schema/secret.h"
#include "run_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
			masked = strdup(SECRET_MASK);
			secret_follows = false;
		} else if (equals && secret_name(word, (size_t)(equals - word))) {
			if (asprintf(&masked, "%.*s=" SECRET_MASK, (int)(equals - word), word) < 0)
				masked = NULL;
			secret_follows = false;
		} else {
			size_t room = 2 * strlen(word) + 1;

			masked = malloc(room);
			if (masked)
				secret_mask(word, masked, room);
			secret_follows = word[0] == '-' && !equals && secret_name(word, strlen(word));
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
