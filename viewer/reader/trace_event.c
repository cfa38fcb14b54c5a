/* Events: one by its number, or all that a filter admits. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/tensor_blob.h"
#include "trace_walk.h"

#define IDS_LIMIT 131072

const struct event_filter event_filter_all = { -1, -1, -1, NULL, NULL, -1, -1, false, NULL, NULL, false };

static const char *
phase_word(const char *text)
{
	static const char *const words[] = { "forward", "backward", "optimizer", "eval", "data", "load", "other", NULL };
	const char *const *word = words;

	while (word[1] && (!text || strcmp(*word, text) != 0))
		word++;
	return *word;
}

static const char *
status_word(const char *text)
{
	return text && strcmp(text, "failed") == 0 ? "failed" : text && strcmp(text, "open") == 0 ? "open" : "ok";
}

static bool
scratch_reserve(struct event_scratch *scratch, size_t count)
{
	struct operand *operands;

	if (!scratch->ids)
		scratch->ids = malloc(IDS_LIMIT * sizeof *scratch->ids);
	if (count > scratch->room) {
		operands = realloc(scratch->operands, count * sizeof *operands);
		if (!operands)
			return false;
		scratch->operands = operands;
		scratch->room = count;
	}
	return scratch->ids != NULL;
}

void
event_scratch_free(struct event_scratch *scratch)
{
	free(scratch->operands);
	free(scratch->ids);
}

/* The signature's operands with this event's identities. */
static void
operands_fill(struct operand *out, const struct signature *signature, const int64_t *ids, size_t count)
{
	for (int i = 0; out && signature && i < signature->operand_count; i++) {
		int64_t index = signature->operands[i].tensor;

		out[i] = signature->operands[i];
		out[i].tensor = index >= 0 && (size_t)index < count && ids[index] > 0 ? ids[index] : -1;
	}
}

static bool
event_fill(struct reader *reader, sqlite3_stmt *row, struct event_scratch *scratch, struct event *out)
{
	const struct signature *signature = reader_signature(reader, sqlite3_column_int64(row, 11)), *output = NULL;
	int64_t output_id = reader_number(row, 12, -1);
	size_t inputs = 0, outputs = 0;

	if (output_id >= 0)
		output = reader_signature(reader, output_id);
	if (!signature ||
	    !scratch_reserve(scratch, (size_t)signature->operand_count + (output ? (size_t)output->operand_count : 0) + 1))
		return false;
	memset(out, 0, sizeof *out);
	out->id = sqlite3_column_int64(row, 0);
	out->thread = sqlite3_column_int(row, 1);
	out->number = sqlite3_column_int64(row, 2);
	out->time_ns = sqlite3_column_int64(row, 3);
	out->duration_ns = reader_number(row, 4, -1);
	out->step = sqlite3_column_int64(row, 5);
	out->phase = phase_word((const char *)sqlite3_column_text(row, 6));
	out->micro_batch = sqlite3_column_int64(row, 7);
	out->status = status_word((const char *)sqlite3_column_text(row, 8));
	out->depth = sqlite3_column_int(row, 9);
	out->parent = reader_number(row, 10, -1);
	out->signature = signature->id;
	out->site = reader_number(row, 13, -1);
	out->sequence = reader_number(row, 14, -1);
	out->scope = reader_number(row, 15, -1);
	out->grad = sqlite3_column_int(row, 16) != 0;
	out->operation = signature->operation;
	out->overload = signature->overload;
	tensor_blob_decode(sqlite3_column_blob(row, 17), (size_t)sqlite3_column_bytes(row, 17), scratch->ids, IDS_LIMIT,
			   &inputs, &outputs);
	out->operand_count = signature->operand_count;
	out->operands = scratch->operands;
	operands_fill(scratch->operands, signature, scratch->ids, inputs);
	out->output_count = output ? output->operand_count : 0;
	out->outputs = scratch->operands + signature->operand_count;
	operands_fill(scratch->operands + signature->operand_count, output, scratch->ids + inputs, outputs);
	return true;
}

bool
event_load(struct reader *reader, int64_t id, struct event_scratch *scratch, struct event *out)
{
	bool found;

	if (!reader->event_by_id)
		reader->event_by_id = reader_prepare(reader, "SELECT " EVENT_COLUMNS " FROM event WHERE id = ?");
	if (!reader->event_by_id)
		return false;
	reader->ticks = 0;
	sqlite3_bind_int64(reader->event_by_id, 1, id);
	found = reader_row(reader, reader->event_by_id) && event_fill(reader, reader->event_by_id, scratch, out);
	sqlite3_reset(reader->event_by_id);
	return found;
}

bool
trace_event(struct trace *trace, int process, int64_t id, struct event *out)
{
	struct reader *reader = trace_reader(trace, process);
	struct event_scratch scratch = { 0 };
	struct operand *kept;
	size_t count;
	bool ok = reader && event_load(reader, id, &scratch, out);

	if (ok) {
		count = (size_t)(out->operand_count + out->output_count);
		kept = arena_take(reader->arena, (count + 1) * sizeof *kept);
		ok = kept != NULL;
		if (ok) {
			memcpy(kept, scratch.operands, count * sizeof *kept);
			out->operands = kept;
			out->outputs = kept + out->operand_count;
		}
	}
	event_scratch_free(&scratch);
	return ok;
}

/* "cat" matches aten::cat, "aten::cat" itself, "cat.out" the overload; "*" and "?" as in a shell. */
static bool
operation_matches(const char *name, const char *overload, const char *pattern)
{
	const char *colons;
	char full[1100];

	if (fnmatch(pattern, name, 0) == 0)
		return true;
	colons = strstr(name, "::");
	if (colons && fnmatch(pattern, colons + 2, 0) == 0)
		return true;
	if (!overload[0] || !strchr(pattern, '.'))
		return false;
	snprintf(full, sizeof full, "%s.%s", name, overload);
	colons = strstr(full, "::");
	return fnmatch(pattern, full, 0) == 0 || (colons && fnmatch(pattern, colons + 2, 0) == 0);
}

static sqlite3_stmt *
filter_prepare(struct reader *reader, const struct event_filter *filter, bool backward)
{
	sqlite3_stmt *rows;
	char sql[640];

	snprintf(sql, sizeof sql, "SELECT " EVENT_COLUMNS " FROM event WHERE id >= ?1 AND id <= ?2%s%s%s ORDER BY id%s",
		 filter->step >= 0 ? " AND step = ?3" : "", !filter->status ? "" : strcmp(filter->status, TRACE_UNWELL) == 0 ? " AND status <> 'ok'" : " AND status = ?4",
		 filter->site >= 0 ? " AND site_id = ?5" : "", backward ? " DESC" : "");
	rows = reader_prepare(reader, sql);
	if (!rows)
		return NULL;
	sqlite3_bind_int64(rows, 1, filter->first >= 0 ? filter->first : 0);
	sqlite3_bind_int64(rows, 2, filter->last >= 0 ? filter->last : INT64_MAX);
	if (filter->step >= 0)
		sqlite3_bind_int64(rows, 3, filter->step);
	if (filter->status && strcmp(filter->status, TRACE_UNWELL) != 0)
		sqlite3_bind_text(rows, 4, filter->status, -1, SQLITE_TRANSIENT);
	if (filter->site >= 0)
		sqlite3_bind_int64(rows, 5, filter->site);
	return rows;
}

/* Answers "does this signature's operation match?" once a signature. */
static bool
is_admitted(struct reader *reader, int64_t id, const char *pattern, struct map *answers)
{
	uint64_t answer;
	const struct signature *signature;

	if (!pattern)
		return true;
	answer = map_get(answers, id);
	if (!answer) {
		signature = reader_signature(reader, id);
		answer = signature && operation_matches(signature->operation, signature->overload, pattern) ? 2 : 1;
		map_set(answers, id, answer);
	}
	return answer == 2;
}

/* The smallest id among the newest N that match: the walk then begins there. */
static int64_t
newest_first(struct reader *reader, const struct event_filter *filter, struct map *answers)
{
	sqlite3_stmt *rows = filter_prepare(reader, filter, true);
	int64_t left = filter->newest, first = INT64_MAX;

	while (left > 0 && reader_row(reader, rows)) {
		if (is_admitted(reader, sqlite3_column_int64(rows, 11), filter->operation, answers)) {
			first = sqlite3_column_int64(rows, 0);
			left--;
		}
	}
	sqlite3_finalize(rows);
	return first;
}

struct question { struct reader *reader; const struct event_filter *filter; struct map *answers, *sites; };

/* Answers "is this call site wanted?" once a site. */
static bool
site_admitted(const struct event_filter *filter, struct map *answers, int64_t site)
{
	uint64_t answer;

	if (!filter->of_site)
		return true;
	answer = map_get(answers, site);
	if (!answer) {
		answer = filter->of_site(filter->asker, site) ? 2 : 1;
		map_set(answers, site, answer);
	}
	return answer == 2;
}

/* The same of a kind of event: once an operation. */
static bool
admits(void *context, int64_t operation, int64_t site)
{
	const struct question *question = context;
	const char *pattern = question->filter->operation, *name, *overload;
	uint64_t answer;

	if (question->filter->site >= 0 && site != question->filter->site)
		return false;
	if (!pattern)
		return site_admitted(question->filter, question->sites, site);
	answer = map_get(question->answers, operation);
	if (!answer) {
		answer = reader_operation(question->reader, operation, &name, &overload) && operation_matches(name, overload, pattern) ? 2 : 1;
		map_set(question->answers, operation, answer);
	}
	return answer == 2 && site_admitted(question->filter, question->sites, site);
}

/* Are there few of that status? */
static bool
rarely(const char *status)
{
	return status && strcmp(status, "ok") != 0;
}

int64_t
trace_each_event(struct trace *trace, int process, const struct event_filter *filter,
		 bool (*visit)(const struct event *event, void *context), void *context)
{
	struct reader *reader = trace_reader(trace, process);
	struct event_filter bounded = *filter;
	struct event_scratch scratch = { 0 };
	struct map answers = { 0 }, sites = { 0 };
	sqlite3_stmt *rows;
	struct event event;
	int64_t visited = 0;
	bool more = true;

	if (!reader)
		return 0;
	if (filter->backward && filter->newest < 0 && filter->step < 0 && (filter->operation || filter->site >= 0 || rarely(filter->status))) {
		struct question question = { reader, filter, &answers, &sites };

		visited = walk_back(trace, process, &bounded, admits, &question, visit, context);
		if (visited >= 0) {
			map_free(&answers);
			map_free(&sites);
			return visited;
		}
		visited = 0;
		map_free(&answers); /* (of operations: what follows keeps signatures) */
	}
	if (filter->newest >= 0)
		bounded.first = newest_first(reader, filter, &answers);
	rows = filter_prepare(reader, &bounded, filter->backward);
	while (more && reader_row(reader, rows)) {
		if (!is_admitted(reader, sqlite3_column_int64(rows, 11), filter->operation, &answers) || !event_fill(reader, rows, &scratch, &event) ||
		    !site_admitted(filter, &sites, event.site))
			continue;
		visited++;
		more = visit(&event, context);
		reader->ticks = 0;
	}
	sqlite3_finalize(rows);
	event_scratch_free(&scratch);
	map_free(&answers);
	map_free(&sites);
	return visited;
}
