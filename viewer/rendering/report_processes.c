#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report_parts.h"

#define PROCESSES_GROUPS 16
#define DEGRADED_SHOWN 3

/* Processes of one role that ended alike. */
struct process_group {
	char end[64];  /* "failed", "killed by SIGKILL" */
	bool ranked;
	int count;
	struct page ranks; /* "0-2, 5" */
	int64_t first, last; /* the open stretch of ranks */
};

/* RAISED: what the report is about was raised in it, whatever status it ended with (a data worker hands it on). */
static void
group_end(const json_t *process, bool raised, char end[64])
{
	const char *status = report_string(process, "status");
	int64_t signal = report_integer(process, "signal", 0), code = report_integer(process, "exit_code", 0);

	if (signal > 0 && signal < 65 && sigabbrev_np((int)signal))
		snprintf(end, 64, strcmp(status, "crashed") == 0 ? SAY("crashed by SIG%s") : SAY("killed by SIG%s"), sigabbrev_np((int)signal));
	else if (strcmp(status, "failed") == 0 && code > 0)
		snprintf(end, 64, SAY("failed with status %" PRId64), code);
	else if (raised && strcmp(status, "ok") == 0)
		snprintf(end, 64, "%s", language_word("failed"));
	else
		snprintf(end, 64, "%.40s", status[0] ? language_word(status) : SAY("ended"));
}

static void
group_close(struct process_group *group)
{
	if (group->first < 0)
		return;
	page_format(&group->ranks, group->ranks.size ? ", %" PRId64 : "%" PRId64, group->first);
	if (group->last > group->first)
		page_format(&group->ranks, "%s%" PRId64, group->last == group->first + 1 ? ", " : "-", group->last);
	group->first = -1;
}

static void
group_rank(struct process_group *group, int64_t rank)
{
	if (group->first >= 0 && rank == group->last + 1) {
		group->last = rank;
		return;
	}
	if (group->first >= 0 && rank == group->last)
		return; /* another attempt of it */
	group_close(group);
	group->first = group->last = rank;
}

/* "2 ranks: rank 0 failed, rank 1 ok": the processes of ROLE (that load data or not; of ATTEMPT, unless that is -1), appended to LINE. */
static void
group_role(struct page *line, const json_t *report, const char *role, bool loads_data, int64_t attempt, const char *one, const char *many)
{
	const json_t *processes = json_object_get(report, "processes"), *raised = json_object_get(json_object_get(report, "failure"), "process");
	struct process_group groups[PROCESSES_GROUPS] = { 0 };
	const json_t *process;
	int used = 0, count = 0;
	size_t i;

	json_array_foreach(processes, i, process) {
		char end[64];
		int g = 0;
		int64_t rank = report_integer(process, "rank", -1);

		if (strcmp(report_string(process, "role"), role) != 0 || json_is_true(json_object_get(process, "loads_data")) != loads_data ||
		    (attempt >= 0 && report_integer(process, "attempt", 0) != attempt))
			continue;
		count++;
		group_end(process, raised && json_equal(json_object_get(raised, "file"), json_object_get(process, "file")), end);
		while (g < used && strcmp(groups[g].end, end) != 0)
			g++;
		if (g == PROCESSES_GROUPS)
			g--;
		if (g == used) {
			memcpy(groups[g].end, end, sizeof end);
			groups[g].first = -1;
			used++;
		}
		groups[g].count++;
		if (rank >= 0 && strcmp(role, "rank") == 0)
			group_rank(&groups[g], rank);
	}
	if (count == 0)
		return;
	if (line->size)
		page_add(line, "; ");
	page_plural(line, count, one, many);
	for (int g = 0; g < used; g++) {
		group_close(&groups[g]);
		page_add(line, g == 0 ? used == 1 ? ", " : ": " : ", ");
		if (used > 1 && groups[g].ranks.size)
			page_format(line, strpbrk(page_string(&groups[g].ranks), ",-") ? SAY("ranks %s ") : SAY("rank %s "), page_string(&groups[g].ranks));
		else if (used > 1)
			page_format(line, "%d ", groups[g].count);
		page_words(line, groups[g].end);
		page_free(&groups[g].ranks);
	}
}

void
report_processes(struct page *page, const json_t *report, int width)
{
	const json_t *attempts = json_object_get(report, "attempts"), *attempt;
	const json_t *merged = json_object_get(report, "merged"); /* those without a file of their own */
	int64_t shown = json_array_size(attempts) ? 0 : -1; /* of a restarted run: the ranks of one attempt */
	struct page line = { 0 };
	size_t i;

	json_array_foreach(attempts, i, attempt)
		if (json_is_true(json_object_get(attempt, "shown")))
			shown = report_integer(attempt, "attempt", 0);
	group_role(&line, report, "rank", false, shown, SAY("rank"), SAY("ranks"));
	group_role(&line, report, "worker", true, -1, SAY("data worker"), SAY("data workers"));
	group_role(&line, report, "worker", false, -1, SAY("worker"), SAY("workers"));
	group_role(&line, report, "launcher", false, -1, SAY("launcher"), SAY("launchers"));
	group_role(&line, report, "other", false, -1, line.size ? SAY("other process") : SAY("process"),
		   line.size ? SAY("other processes") : SAY("processes"));
	if (report_integer(merged, "processes", 0) > 0) {
		page_add(&line, line.size ? "; " : "");
		page_count(&line, report_integer(merged, "processes", 0));
		page_add(&line, report_integer(merged, "processes", 0) == 1 ? SAY(" more that left its counts only")
									    : SAY(" more that left their counts only"));
		if (report_integer(merged, "failed", 0) > 0) {
			page_format(&line, SAY(", %" PRId64 " of them failed"), report_integer(merged, "failed", 0));
		}
	}
	if (line.size > 0) {
		report_label(page, SAY("processes"));
		page_wrap(page, REPORT_INDENT, width, 2, page_string(&line));
	}
	page_free(&line);
	report_attempts(page, attempts, width);
}

void
report_degraded(struct page *page, const json_t *processes, int width)
{
	/* the same cause in several processes is one line: its name, how often, in how many processes */
	struct { const char *name, *text; int64_t count; int processes; } causes[16];
	const json_t *process, *item;
	size_t used = 0, i, n, c;

	json_array_foreach(processes, i, process) {
		json_array_foreach(json_object_get(process, "degraded"), n, item) {
			const char *name = report_string(item, "name");

			for (c = 0; c < used && strcmp(causes[c].name, name) != 0; c++)
				;
			if (c == sizeof causes / sizeof causes[0])
				continue;
			if (c == used) {
				causes[used].name = name;
				causes[used].text = report_string(item, "text");
				causes[used].count = 0;
				causes[used++].processes = 0;
			}
			causes[c].count += report_integer(item, "count", 0);
			causes[c].processes++;
		}
	}
	for (c = 0; c < used; c++) {
		struct page line = { 0 };

		report_label(page, c == 0 ? SAY("missing") : "");
		if (c == DEGRADED_SHOWN && used > DEGRADED_SHOWN + 1) {
			page_format(page, SAY("(%zu more in: shapebox report --format json)\n"), used - c);
			break;
		}
		if (causes[c].count > 1) {
			page_count(&line, causes[c].count);
			page_add(&line, " ");
		}
		page_words(&line, language_word(causes[c].text[0] ? causes[c].text : causes[c].name));
		if (causes[c].processes > 1)
			page_format(&line, SAY(" (in %d processes)"), causes[c].processes);
		page_wrap(page, REPORT_INDENT, width, 1, page_string(&line));
		page_free(&line);
	}
}

void
report_handled(struct page *page, const json_t *handled, int width)
{
	const json_t *item;
	size_t i, count = json_array_size(handled);

	json_array_foreach(handled, i, item) {
		const json_t *where = json_object_get(item, "where");
		int64_t times = report_integer(item, "times", 1);
		struct page line = { 0 };

		if (i == 2 && count > 3) {
			report_label(page, "");
			page_format(page, SAY("(%zu more)\n"), count - i);
			break;
		}
		if (times > 1)
			page_format(&line, SAY("%" PRId64 " times "), times);
		page_words(&line, report_string(item, "type"));
		if (json_is_string(where)) {
			page_add(&line, SAY(" at "));
			page_words(&line, report_base(json_string_value(where)));
		} else if (report_string(where, "file")[0]) {
			page_add(&line, SAY(" at "));
			page_words(&line, report_base(report_string(where, "file")));
			page_format(&line, ":%" PRId64, report_integer(where, "line", 0));
		}
		if (report_integer(item, "messages", 1) > 1)
			page_format(&line, SAY(", with %" PRId64 " messages"), report_integer(item, "messages", 1));
		if (report_string(item, "message")[0]) {
			page_add(&line, ": ");
			page_words(&line, report_string(item, "message"));
		}
		report_label(page, i == 0 ? SAY("handled") : "");
		page_wrap(page, REPORT_INDENT, width, 1, page_string(&line));
		page_free(&line);
	}
}
