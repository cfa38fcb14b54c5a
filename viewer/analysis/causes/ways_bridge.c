/* Past a size that was asked for: whose it was. See ways.h. */
#include <stdlib.h>
#include <string.h>

#include "../mismatch/mismatch_rule.h"
#include "../text.h"
#include "ways.h"
#include "../where.h"

#define EVENTS_MOST 300 /* before the one that was asked */
#define NEAR_MOST 8    /* before one that a library asked for */
#define TRIES_MOST 24

static const char asking[] = "zeros ones full empty empty_strided rand randn randint randperm arange linspace eye new_zeros new_ones new_full new_empty "
			     "expand tril_indices triu_indices normal";

struct tried { int64_t tensor; int dim; };

struct search {
	const struct source *source;
	const struct lineage *other; /* NULL: any story does */
	int process;
	int64_t size;
	struct lineage *found;
	struct tried tried[TRIES_MOST];
	int tries;
};

/* Does the story of IS, as it was before event BEFORE, meet the other's? */
static bool
leads(struct search *search, const struct operand *is, int64_t before)
{
	struct ways ways;

	for (int d = 0; is->tensor > 0 && d < is->ndim; d++) {
		bool seen = is->sizes[d] != search->size;

		for (int i = 0; i < search->tries && !seen; i++)
			seen = search->tried[i].tensor == is->tensor && search->tried[i].dim == d;
		if (seen || search->tries == TRIES_MOST)
			continue;
		search->tried[search->tries++] = (struct tried){ is->tensor, d };
		lineage_walk_tensor(search->source, search->process, is->tensor, before, d, LINEAGE_SIZE, search->found);
		if (!search->other && search->found->decider >= 0)
			return true;
		if (search->other)
			ways_find(search->found, search->other, &ways);
		if (search->other && ways.met)
			return true;
	}
	return false;
}

/* Are both lines in one function? */
static bool
same_function(const struct source *source, int process, int64_t one, int64_t other)
{
	struct site a, b;

	return one >= 0 && other >= 0 && source->site(source->context, process, one, &a) && source->site(source->context, process, other, &b) &&
	       a.frame_count > 0 && b.frame_count > 0 && strcmp(a.frames[0].function, b.frames[0].function) == 0 &&
	       strcmp(a.frames[0].file, b.frames[0].file) == 0;
}

/* Goes back from LAST. NEAR: within the function that asked, or the few events just before. */
static bool
go_back(struct search *search, const struct lineage_step *last, bool near)
{
	bool found = false;

	search->tries = 0;
	for (int64_t id = last->event.id - 1; !found && id >= 0 && id >= last->event.id - EVENTS_MOST && search->tries < TRIES_MOST; id--) {
		struct event event;

		if (!search->source->event(search->source->context, search->process, id, &event) || event.thread != last->event.thread ||
		    (near && id < last->event.id - NEAR_MOST && !same_function(search->source, search->process, event.site, last->event.site)))
			continue;
		for (int i = 0; i < event.output_count && !found; i++)
			found = leads(search, &event.outputs[i], id + 1);
		for (int i = 0; i < event.operand_count && !found; i++)
			found = leads(search, &event.operands[i], id);
	}
	return found;
}

/* Was it asked for as a parameter, by a module that was built? Those are as large as a number told it. */
static bool
is_parameter(const struct source *source, const struct lineage *lineage, int asked)
{
	return asked > 0 && asked < lineage->count && mismatch_is_any(lineage->steps[asked - 1].event.operation, "detach") &&
	       where_same_line(source, lineage->process, lineage->steps[asked - 1].event.site, lineage->steps[asked].event.site);
}

bool
ways_bridge(const struct source *source, struct lineage *one, const struct lineage *other)
{
	const struct lineage_step *last = one->count ? &one->steps[one->count - 1] : NULL;
	struct search search = { .source = source, .other = other, .process = one->process };
	int asked = one->count - 1;
	bool found;

	if (!last || last->entered || last->event.id < 0 || last->size < 2 || one->property != LINEAGE_SIZE)
		return false;
	if (!mismatch_is_any(last->event.operation, asking))
		return false;
	search.size = last->size;
	search.found = calloc(1, sizeof(*search.found));
	found = search.found && go_back(&search, last, false);
	if (search.found && !found && !is_parameter(source, one, asked) && !where_is_asked(source, one->process, last->event.site)) {
		search.other = NULL;
		found = go_back(&search, last, true);
	}
	for (int i = 0; found && i < search.found->count && one->count < LINEAGE_STEPS_MOST; i++) {
		one->steps[one->count] = search.found->steps[i];
		if (i == 0)
			one->steps[one->count].possible = true;
		one->count++;
	}
	if (found && one->decider == asked && search.found->decider >= 0 && asked + 1 + search.found->decider < one->count &&
	    where_is_inner(source, one->process, one->steps[asked].event.site))
		one->decider = asked + 1 + search.found->decider;
	free(search.found);
	return found;
}
