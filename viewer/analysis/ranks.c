#include "ranks.h"

#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "diff_parts.h"

#define TEXT_MOST 300
#define WORLD_MOST 65536

static int
rank_count(const struct trace *trace)
{
	int count = 0;

	for (int i = 0; i < trace_process_count(trace); i++)
		count += strcmp(trace_process(trace, i)->role, "rank") == 0;
	return count;
}

/* "ranks 0, 2, 3: stopped while waiting in c10d::allreduce_ for rank 1", those first of whom the most is said. */
static void
consequences_add(struct text *text, const json_t *consequences)
{
	size_t count = json_array_size(consequences);
	int *ranks = calloc(count + 1, sizeof *ranks);

	for (size_t i = 0; ranks && i < count && text->used < TEXT_MOST; i++) {
		const char *told = text_get(json_array_get(consequences, i), "text");
		bool before = false;
		int alike = 0;

		for (size_t n = 0; n < i && !before; n++)
			before = strcmp(text_get(json_array_get(consequences, n), "text"), told) == 0;
		for (size_t n = i; n < count && !before; n++)
			if (strcmp(text_get(json_array_get(consequences, n), "text"), told) == 0)
				ranks[alike++] = (int)json_integer_value(json_object_get(json_array_get(consequences, n), "rank"));
		if (before || strncmp(told, "failed by itself", 16) == 0)
			continue; /* those are told with their own headlines */
		text_add(text, "%s", text->used ? "; " : "");
		ranks_text(text, ranks, alike);
		text_add(text, ": ");
		text_add_short(text, told, 100);
	}
	free(ranks);
}

static void
parting_add(struct trace *trace, json_t *ranks)
{
	struct diff_request request = { .traces = &trace, .trace_count = 1, .steps = { -1, -1 } };
	struct text text = { { 0 }, 0 };
	struct error error;
	json_t *diff, *divergence;
	const char *own = text_get(ranks, "text");

	diff = rank_count(trace) > 1 ? diff_build(&request, &error) : NULL;
	if (!diff)
		return;
	divergence = json_object_get(diff, "first_divergence");
	json_object_set(ranks, "first_divergence", divergence);
	json_object_set(ranks, "missing", json_object_get(diff, "ranks_missing"));
	consequences_add(&text, json_object_get(diff, "consequences"));
	if (*text_get(divergence, "text")) {
		text_add(&text, "%s", text.used ? "; " : "");
		text_add_short(&text, text_get(divergence, "text"), TEXT_MOST);
	}
	if (*own && (!text.used || json_array_size(json_object_get(ranks, "failures")) > 0)) {
		struct text both = { { 0 }, 0 };

		text_add(&both, "%s%s%s", own, text.used ? "; " : "", text.data);
		text = both;
	}
	if (text.used)
		text_set(ranks, "text", text.data);
	json_decref(diff);
}

/* The ranks of CHOSEN's job that have no process in TRACE, of its attempt. New array. */
static json_t *
ranks_unseen(const struct trace *trace, const struct failure *chosen)
{
	const struct process *one = trace_process(trace, chosen->process);
	int world = one->rank >= 0 && one->world_size <= WORLD_MOST ? one->world_size : 0;
	bool *seen = world > 1 ? calloc((size_t)world, sizeof *seen) : NULL;
	json_t *unseen = json_array();

	for (int i = 0; seen && i < trace_process_count(trace); i++) {
		const struct process *process = trace_process(trace, i);

		if (process->rank >= 0 && process->rank < world && process->attempt == one->attempt)
			seen[process->rank] = true;
	}
	for (int rank = 0; seen && rank < world; rank++)
		if (!seen[rank])
			json_array_append_new(unseen, json_integer(rank));
	free(seen);
	return unseen;
}

static void
unseen_tell(json_t *json, const json_t *unseen)
{
	size_t count = json_array_size(unseen);
	int *ranks = calloc(count + 1, sizeof *ranks);
	struct text text = { { 0 }, 0 };

	for (size_t i = 0; ranks && i < count; i++)
		ranks[i] = (int)json_integer_value(json_array_get(unseen, i));
	if (count && ranks) {
		text_add(&text, "no trace of ");
		ranks_text(&text, ranks, (int)count);
		text_add(&text, ": ended before the first operation, or on another host%s", *text_get(json, "text") ? "; " : "");
		text_add_short(&text, text_get(json, "text"), TEXT_MOST);
		text_set(json, "text", text.data);
	}
	free(ranks);
}

void
ranks_add(struct trace *trace, const struct failure *chosen, json_t *ranks)
{
	json_t *unseen = chosen ? ranks_unseen(trace, chosen) : NULL;

	parting_add(trace, ranks);
	if (unseen && !json_is_array(json_object_get(ranks, "missing")))
		json_object_set(ranks, "missing", unseen);
	if (unseen && failure_class(chosen) != 0)
		unseen_tell(ranks, unseen);
	json_decref(unseen);
}
