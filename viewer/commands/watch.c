/*
 * shapebox watch: what the ranks of a running job are doing, read from their boxes.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../analysis/diff/watch.h"
#include "../rendering/page.h"
#include "../rendering/terminal.h"
#include "../rendering/watch_text.h"
#include "command.h"
#include "traces.h"

struct watch_values { bool once, json; int64_t every_s, after_s; const char *language; };

const struct option_row command_watch_options[] = {
	{ "once", 'o', OPTION_FLAG, offsetof(struct watch_values, once), NULL, NULL, "one table, then end" },
	{ "every", 'n', OPTION_COUNT, offsetof(struct watch_values, every_s), "S", "2", "seconds between tables" },
	{ "after", 'a', OPTION_COUNT, offsetof(struct watch_values, after_s), "S", "10", "a rank that is in a collective for so long waits" },
	OPTION_ROWS_JSON(watch_values),
	OPTION_ROW_LANGUAGE(watch_values),
	{ 0 }
};

static json_t *
watch_read(const char *path, double after_s, bool *running, struct error *error)
{
	struct live_process *processes;
	struct timespec now;
	json_t *watch;
	int count, ended;

	count = live_read(path, &processes, &ended, error);
	if (count < 0)
		return NULL;
	clock_gettime(CLOCK_REALTIME, &now);
	*running = false;
	for (int i = 0; i < count; i++)
		*running = *running || processes[i].running;
	watch = watch_build(processes, count, ended, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec, after_s);
	live_free(processes, count);
	return watch;
}

/* False where standard output is gone. */
static bool
watch_print(const json_t *watch, const struct watch_values *values)
{
	struct page page = { 0 };
	bool ok;

	if (values->json) {
		char *text = json_dumps(watch, values->once ? JSON_INDENT(1) : JSON_COMPACT);

		ok = text && puts(text) >= 0 && fflush(stdout) == 0;
		free(text);
		return ok;
	}
	if (!values->once && isatty(1))
		fputs("\033[H\033[2J", stdout);
	watch_text(&page, watch, terminal_columns(stdout));
	ok = page_print(&page, stdout, terminal_color(stdout)) && fflush(stdout) == 0;
	page_free(&page);
	return ok;
}

int
command_watch(int argc, char **argv, struct error *error)
{
	struct watch_values values = { .every_s = 2, .after_s = 10 };
	char path[PATH_MAX];
	bool chosen, running = true, found = false;
	const char *word;
	int rest, status;

	if (!command_parse("watch", &values, argc, argv, false, &rest, &status, error))
		return status;
	if (!values.json && !command_language("watch", values.language, stdout, error))
		return COMMAND_TROUBLE;
	if (!traces_word("watch", argc, argv, rest, &word, error))
		return COMMAND_TROUBLE;
	if (!traces_choose(word, path, &chosen, error))
		return COMMAND_TROUBLE;
	while (running) {
		json_t *watch = watch_read(path, (double)values.after_s, &running, error);
		bool printed;

		if (!watch)
			return COMMAND_TROUBLE;
		found = json_is_string(json_object_get(watch, "text"));
		printed = watch_print(watch, &values);
		json_decref(watch);
		if (values.once || !printed)
			break;
		if (running)
			sleep(values.every_s > 0 ? (unsigned)values.every_s : 1);
	}
	return found ? COMMAND_FOUND : COMMAND_OK;
}
