#include "ranks_parts.h"

#include <stdlib.h>
#include <string.h>

#include "../../../schema/fingerprint.h"
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

/* TOLD: where ranks part is told as the failure's cause. */
static void
parting_add(struct trace *trace, bool told, json_t *ranks)
{
	struct diff_request request = { .traces = &trace, .trace_count = 1, .steps = { -1, -1 } };
	struct text text = { { 0 }, 0 };
	struct error error;
	json_t *diff, *divergence;
	const char *own = text_get(ranks, "text");

	diff = rank_count(trace) > 1 || told ? diff_build(&request, &error) : NULL;
	if (!diff)
		return;
	divergence = json_object_get(diff, "first_divergence");
	json_object_set(ranks, "first_divergence", divergence);
	json_object_set(ranks, "missing", json_object_get(diff, "ranks_missing"));
	consequences_add(&text, json_object_get(diff, "consequences"));
	if (*text_get(divergence, "text") && !told) {
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

/* Is it one operation on both ranks, with operands that differ in their sizes alone? */
static bool
is_of_sizes(const json_t *divergence)
{
	const json_t *one = json_object_get(divergence, "a"), *other = json_object_get(divergence, "b");
	const json_t *operands = json_object_get(one, "operands"), *others = json_object_get(other, "operands");
	static const char *const same[] = { "name", "kind", "dtype", "value" };
	bool sizes = false;

	if (strcmp(text_get(one, "operation"), text_get(other, "operation")) != 0 || json_array_size(operands) != json_array_size(others))
		return false;
	for (size_t i = 0; i < json_array_size(operands); i++) {
		const json_t *is = json_array_get(operands, i), *was = json_array_get(others, i);

		for (size_t k = 0; k < sizeof(same) / sizeof(*same); k++)
			if (strcmp(text_get(is, same[k]), text_get(was, same[k])) != 0)
				return false;
		sizes = sizes || !json_equal(json_object_get(is, "shape"), json_object_get(was, "shape"));
	}
	return sizes;
}

static const char *
fix_of(const json_t *divergence, const char *operation)
{
	const char *kind = text_get(divergence, "kind");

	if (strcmp(kind, "missing") == 0 && json_is_null(json_object_get(divergence, "a")))
		return SAY("look at what those ranks do before their first operation: init_process_group and new_group must be called by every rank, "
			   "in the same order");
	if (strcmp(kind, "missing") == 0)
		return SAY("let every rank of the group come to this collective, or none: it waits for all of them");
	if (strcmp(kind, "collective") == 0 && strncmp(text_get(json_object_get(divergence, "a"), "operation"), "c10d::alltoall", 14) == 0)
		return SAY("give every rank the sizes that the others send to it: exchange the split sizes by an all_to_all first");
	if ((strcmp(kind, "collective") == 0 && is_of_sizes(divergence)) || (strcmp(kind, "shape") == 0 && operation && fingerprint_is_collective(operation)))
		return SAY("bring it to one size on every rank before the collective: ask for the largest (all_reduce with MAX) and pad to it (accelerate: "
			   "pad_across_processes(x, dim=...) before gather)");
	if (strcmp(kind, "collective") == 0)
		return SAY("call the same collectives in the same order on every rank of the group, with the same sizes, dtype, root and reduction");
	if (strcmp(kind, "parameter") == 0)
		return SAY("let the same parameters exist, be trained, and be used on every rank");
	if (strcmp(kind, "control") == 0)
		return SAY("let every rank run as many steps through the same code; where one has nothing to do, let it run with an empty or zero input, "
			   "or wrap the loop in torch.distributed.algorithms.join.Join");
	return SAY("make this the same on every rank");
}

/* Where what parted first is overwritten, and ranks that went on meet in a collective with other sizes: that is what ended them. */
static const json_t *
telling(const json_t *first)
{
	const json_t *kept = json_object_get(first, "kept");

	return json_is_object(kept) && strcmp(text_get(kept, "kind"), "collective") == 0 && is_of_sizes(kept) ? kept : first;
}

json_t *
ranks_cause(const struct source *source, const struct failure *chosen, const json_t *ranks, json_t *failure)
{
	const json_t *first = json_object_get(ranks, "first_divergence"), *divergence;
	bool old;
	json_t *cause;

	if (failure_class(chosen) == 0 || !json_is_object(first))
		return NULL;
	divergence = telling(first);
	/* Ranks may run other operations on other data: what they have survived is no finding by itself. */
	old = divergence == first && json_is_true(json_object_get(first, "overwritten")) && strcmp(text_get(first, "kind"), "control") == 0 &&
	      chosen->step > json_integer_value(json_object_get(first, "step")) + 1;
	cause = json_object();
	text_set(cause, "rule", "ranks_parted");
	text_set(cause, "confidence", old ? "possible" : "likely");
	text_set(cause, "text", text_get(divergence, "text"));
	json_object_set_new(cause, "evidence", json_array());
	text_set(cause, "fix", fix_of(divergence, chosen->operation_name));
	json_object_set_new(cause, "setting", json_null());
	if (source && strcmp(text_get(divergence, "kind"), "collective") == 0 && is_of_sizes(divergence))
		ranks_tell_sizes(source, divergence, failure, cause);
	return cause;
}

void
ranks_add(struct trace *trace, const struct failure *chosen, json_t *ranks)
{
	json_t *unseen = chosen ? ranks_unseen(trace, chosen) : NULL;

	parting_add(trace, chosen && failure_class(chosen) != 0, ranks);
	if (unseen && !json_is_array(json_object_get(ranks, "missing")))
		json_object_set(ranks, "missing", unseen);
	if (unseen && failure_class(chosen) != 0)
		unseen_tell(ranks, unseen);
	json_decref(unseen);
}
