/*
 * shapebox log: recorded operations, the newest by default, one line each. As JSON: one object a line.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../reader/trace_cuda.h"
#include "../rendering/event_text.h"
#include "../rendering/page.h"
#include "../rendering/table.h"
#include "../rendering/terminal.h"
#include "command.h"
#include "traces.h"

#define LOG_NEWEST 50  /* shown where nothing is asked for */
#define LOG_WRITTEN 500 /* rows of one table: columns are measured over these */

struct log_values {
	const char *operation, *grep;
	int64_t last, step, rank;
	bool failed, all, json;
};

#define LOG_UNSET INT64_MIN

const struct option_row command_log_options[] = {
	{ "op", 'p', OPTION_TEXT, offsetof(struct log_values, operation), "PATTERN", NULL, "operations of this name: cat, aten::cat, 'index*'" },
	{ "last", 'n', OPTION_COUNT, offsetof(struct log_values, last), "N", "50", "the newest N that match, of each process" },
	{ "all", 'a', OPTION_FLAG, offsetof(struct log_values, all), NULL, NULL, "all that match, not only the newest" },
	{ "step", 't', OPTION_INTEGER, offsetof(struct log_values, step), "N", "any", "of this training step; -1 is the last one" },
	{ "rank", 'r', OPTION_COUNT, offsetof(struct log_values, rank), "R", "every process", "of this rank and its workers" },
	{ "grep", 'g', OPTION_TEXT, offsetof(struct log_values, grep), "TEXT", NULL, "lines that contain TEXT (operation, shapes, file, function)" },
	{ "failed", 'x', OPTION_FLAG, offsetof(struct log_values, failed), NULL, NULL, "operations that failed or were never left" },
	OPTION_ROWS_JSON(log_values),
	{ 0 }
};

struct log {
	const struct log_values *values;
	struct trace *trace;
	const struct process *process;
	struct table table;
	bool several;  /* processes: a column says which */
	int64_t shown;
	int width;
	struct cuda_sum *sums; /* of this process's operations from the first shown on, in order */
	size_t sum_count, sum_room;
	bool summed;
};

static void
log_flush(struct log *log)
{
	struct page page = { 0 };

	table_write(&log->table, &page, 0, log->width);
	page_print(&page, stdout, terminal_color(stdout));
	page_free(&page);
	table_free(&log->table);
}

static void
log_keep_sum(const struct cuda_sum *sum, void *context)
{
	struct log *log = context;

	if (log->sum_count == log->sum_room) {
		size_t room = log->sum_room ? log->sum_room * 2 : 256;
		struct cuda_sum *grown = realloc(log->sums, room * sizeof *grown);

		if (!grown)
			return;
		log->sums = grown;
		log->sum_room = room;
	}
	log->sums[log->sum_count++] = *sum;
}

static int
log_compare_sum(const void *event, const void *sum)
{
	int64_t one = *(const int64_t *)event, other = ((const struct cuda_sum *)sum)->event;

	return one < other ? -1 : one > other;
}

/* What EVENT did at CUDA; NULL if nothing. Events come in order: the first asks for all that follow. */
static const struct cuda_sum *
log_sum(struct log *log, const struct event *event)
{
	if (!log->summed)
		trace_each_cuda_sum(log->trace, log->process->index, event->id, log_keep_sum, log);
	log->summed = true;
	return log->sum_count ? bsearch(&event->id, log->sums, log->sum_count, sizeof *log->sums, log_compare_sum) : NULL;
}

/* "2 kernels, +2.1 MB" */
static void
log_cuda(struct page *cell, const struct cuda_sum *sum)
{
	if (sum->launches)
		page_plural(cell, sum->launches, "kernel", "kernels");
	if (sum->allocated) {
		page_add(cell, cell->size ? ", +" : "+");
		page_bytes(cell, sum->allocated);
	}
	if (sum->freed) {
		page_add(cell, cell->size ? ", -" : "-");
		page_bytes(cell, sum->freed);
	}
	if (sum->copies) {
		page_add(cell, cell->size ? ", copies " : "copies ");
		page_bytes(cell, sum->copied);
	}
	if (sum->failed)
		page_add(cell, cell->size ? ", " PAGE_BAD "failed" PAGE_END : PAGE_BAD "failed" PAGE_END);
}

/* All that --grep looks at, in one line. */
static bool
log_matches(const struct log *log, const struct event *event, const struct site *site)
{
	struct page page = { 0 };
	const struct frame *frame = site ? event_text_frame(site) : NULL;
	bool matches;

	if (!log->values->grep)
		return true;
	page_format(&page, "%s.%s ", event->operation, event->overload ? event->overload : "");
	event_text_operands(&page, event->operands, event->operand_count);
	page_add(&page, " -> ");
	event_text_operands(&page, event->outputs, event->output_count);
	if (frame)
		page_format(&page, " %s:%d %s", frame->file, frame->line, frame->function);
	page_format(&page, " %s %s", event->phase, event->status);
	matches = strcasestr(page_string(&page), log->values->grep) != NULL;
	page_free(&page);
	return matches;
}

static void
log_row(struct log *log, const struct event *event, const struct site *site)
{
	struct page cell = { 0 };
	bool bad = strcmp(event->status, "ok") != 0;
	const struct cuda_sum *sum = log_sum(log, event);

	if (!log->several)
		table_add(&log->table, "");
	else if (log->process->rank >= 0 && strcmp(log->process->role, "rank") == 0)
		table_add_format(&log->table, "%d", log->process->rank);
	else
		table_add_format(&log->table, "pid %d", log->process->pid);
	table_add_format(&log->table, "%" PRId64, event->id);
	table_add_format(&log->table, "%" PRId64, event->step);
	page_words(&cell, event->phase);
	table_add(&log->table, page_string(&cell));
	page_free(&cell);
	if (bad)
		page_add(&cell, PAGE_BAD);
	page_words(&cell, event->operation);
	if (bad)
		page_add(&cell, PAGE_END);
	table_add(&log->table, page_string(&cell));
	page_free(&cell);
	event_text_operands(&cell, event->operands, event->operand_count);
	table_add(&log->table, page_string(&cell));
	page_free(&cell);
	event_text_operands(&cell, event->outputs, event->output_count);
	table_add(&log->table, page_string(&cell));
	page_free(&cell);
	if (site)
		event_text_place(&cell, site);
	table_add(&log->table, page_string(&cell));
	page_free(&cell);
	if (sum)
		log_cuda(&cell, sum);
	table_add(&log->table, page_string(&cell));
	page_free(&cell);
	/* "ok" is what everything is */
	table_add(&log->table, !bad ? "" : strcmp(event->status, "open") == 0 ? PAGE_BAD "never left" PAGE_END : PAGE_BAD "failed" PAGE_END);
	if (event->duration_ns >= 0)
		table_add_format(&log->table, "%.3f", (double)event->duration_ns / 1e6);
	else
		table_add(&log->table, "");
	if (log->table.count >= (size_t)LOG_WRITTEN * (size_t)log->table.columns)
		log_flush(log);
}

static bool
log_event(const struct event *event, void *context)
{
	struct log *log = context;
	struct site site;
	bool placed = event->site >= 0 && trace_site(log->trace, log->process->index, event->site, &site);

	if (log->values->failed && strcmp(event->status, "ok") == 0)
		return true;
	if (!log_matches(log, event, placed ? &site : NULL))
		return true;
	log->shown++;
	if (log->values->json) {
		json_t *object = event_text_json(event, log->process, placed ? &site : NULL);
		const struct cuda_sum *sum = log_sum(log, event);
		char *text;

		json_object_set_new(object, "cuda", !sum ? json_null() : json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "launches",
				    (json_int_t)sum->launches, "allocated", (json_int_t)sum->allocated, "freed", (json_int_t)sum->freed,
				    "copies", (json_int_t)sum->copies, "copied", (json_int_t)sum->copied, "failed", (json_int_t)sum->failed));
		text = json_dumps(object, JSON_COMPACT);

		if (text)
			puts(text);
		free(text);
		json_decref(object);
		return !ferror(stdout);
	}
	log_row(log, event, placed ? &site : NULL);
	return !ferror(stdout);
}

/* With --grep or --failed, the newest N can only be found by looking: counted from the end first. */
struct log_search { struct log *log; int64_t wanted, from; };

static bool
log_search(const struct event *event, void *context)
{
	struct log_search *search = context;
	struct log *log = search->log;
	struct site site;
	bool placed = event->site >= 0 && trace_site(log->trace, log->process->index, event->site, &site);

	if ((log->values->failed && strcmp(event->status, "ok") == 0) || !log_matches(log, event, placed ? &site : NULL))
		return true;
	search->from = event->id;
	return --search->wanted > 0;
}

static bool
log_step(const struct event *event, void *context)
{
	*(int64_t *)context = event->step;
	return true;
}

static void
log_process(struct log *log)
{
	const struct log_values *values = log->values;
	struct event_filter filter = event_filter_all;
	int64_t newest = values->all ? -1 : values->last;

	log->summed = false;
	log->sum_count = 0;
	filter.operation = values->operation;
	if (values->step != LOG_UNSET)
		filter.step = values->step;
	if (values->step != LOG_UNSET && values->step < 0) {
		/* what comes after the last finished step belongs to a step too: -1 is that of the newest event */
		int64_t newest_step = log->process->steps;
		struct event_filter last = event_filter_all;

		last.newest = 1;
		trace_each_event(log->trace, log->process->index, &last, log_step, &newest_step);
		filter.step = newest_step + values->step + 1;
		if (filter.step < 0)
			return;
	}
	if (newest >= 0 && (values->grep || values->failed)) {
		struct log_search search = { log, newest, INT64_MAX };
		struct event_filter backward = filter;

		backward.backward = true;
		if (values->failed)
			backward.status = TRACE_UNWELL;
		if (newest == 0)
			return;
		trace_each_event(log->trace, log->process->index, &backward, log_search, &search);
		if (search.from == INT64_MAX)
			return;
		filter.first = search.from;
	} else {
		filter.newest = newest;
	}
	trace_each_event(log->trace, log->process->index, &filter, log_event, log);
}

int
command_log(int argc, char **argv, struct error *error)
{
	struct log_values values = { .last = -1, .step = LOG_UNSET, .rank = -1 };
	struct log log = {
		.values = &values,
		.table = {
			.columns = 11,
			.headers = { "rank", "event", "step", "phase", "operation", "operands", "outputs", "at", "cuda", "status", "ms" },
			.styles = { TABLE_RIGHT, TABLE_RIGHT, TABLE_RIGHT, TABLE_LEFT, TABLE_CUT, TABLE_CUT, TABLE_CUT, TABLE_CUT,
				    TABLE_LEFT, TABLE_LEFT, TABLE_RIGHT },
		},
		.width = terminal_columns_real(stdout),
	};
	const char *word;
	int rest, status, matching = 0;
	bool chosen;

	if (!command_parse("log", &values, argc, argv, false, &rest, &status, error))
		return status;
	if (!traces_word("log", argc, argv, rest, &word, error))
		return COMMAND_TROUBLE;
	if (values.last < 0) {
		values.last = LOG_NEWEST;
		/* a step is asked for as a whole */
		values.all = values.all || values.step != LOG_UNSET;
	}
	log.trace = traces_open(word, &chosen, error);
	if (!log.trace)
		return COMMAND_TROUBLE;
	if (chosen && !values.json) {
		struct page name = { 0 };

		page_safe(&name, trace_directory(log.trace));
		printf("%s\n", page_string(&name));
		page_free(&name);
	}
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < trace_process_count(log.trace); i++) {
			log.process = trace_process(log.trace, i);
			if (values.rank >= 0 && log.process->rank != values.rank)
				continue;
			matching += pass == 0;
			if (pass == 1)
				log_process(&log);
		}
		log.several = matching > 1;
	}
	log_flush(&log);
	free(log.sums);
	trace_close(log.trace);
	if (matching == 0 && values.rank >= 0)
		return command_trouble(error, "log: no process of rank %" PRId64 " in this trace", values.rank);
	if (log.shown == 0 && !values.json)
		puts("no operation matches");
	return COMMAND_OK;
}
