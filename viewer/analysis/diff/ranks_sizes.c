/* A collective that ranks gave other sizes to: which dimension, whose size is new, and where that came from. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../history/usual.h"
#include "../lineage/lineage.h"
#include "../text.h"
#include "../where.h"
#include "ranks_parts.h"

/* One rank's side of the collective. */
struct side { int process, place; struct event event; int64_t rank, size; bool is_new; struct usual usual; };

static int
process_of(const struct source *source, int64_t rank)
{
	for (int i = 0; i < source->process_count(source->context); i++) {
		const struct process *process = source->process(source->context, i);

		if (process->rank == rank && strcmp(process->role, "rank") == 0)
			return i;
	}
	return -1;
}

/* The place of NAME among EVENT's operands; -1. */
static int
place_of(const struct event *event, const char *name)
{
	for (int i = 0; i < event->operand_count; i++)
		if (event->operands[i].name && strcmp(event->operands[i].name, name) == 0)
			return i;
	return -1;
}

/* The first operand, what a rank gives before what it is given, whose shapes differ in one dimension of as many: its name and DIM; NULL. */
static const char *
differing(const json_t *one, const json_t *other, int *dim)
{
	const json_t *operands = json_object_get(one, "operands"), *others = json_object_get(other, "operands");

	for (int given = 1; given >= 0; given--)
		for (size_t i = 0; i < json_array_size(operands); i++) {
			const json_t *is = json_object_get(json_array_get(operands, i), "shape"), *was = json_object_get(json_array_get(others, i), "shape");
			const char *name = text_get(json_array_get(operands, i), "name");

			if ((strncmp(name, "input", 5) == 0) != (given == 1) || !json_is_array(is) || json_array_size(is) != json_array_size(was))
				continue;
			for (size_t d = 0; d < json_array_size(is); d++)
				if (!json_equal(json_array_get(is, d), json_array_get(was, d))) {
					*dim = (int)d;
					return name;
				}
		}
	return NULL;
}

static bool
open_side(const struct source *source, const json_t *json, const char *name, int dim, struct side *out)
{
	struct usuals usuals;

	out->rank = json_integer_value(json_object_get(json, "rank"));
	out->process = process_of(source, out->rank);
	if (out->process < 0 || !source->event(source->context, out->process, json_integer_value(json_object_get(json, "event")), &out->event) ||
	    (out->place = place_of(&out->event, name)) < 0 || dim >= out->event.operands[out->place].ndim)
		return false;
	out->size = out->event.operands[out->place].sizes[dim];
	out->is_new = usual_given(source, out->process, &out->event, out->place, USUAL_CALLS_QUICK, &usuals) && usual_dim(&usuals, dim, &out->usual) &&
		      usual_is_steady(&out->usual) && out->usual.smallest != out->size;
	return true;
}

static void
tell(const struct source *source, struct side sides[2], const char *name, int dim, json_t *failure, json_t *cause)
{
	const struct side *odd = &sides[sides[1].is_new && !sides[0].is_new], *other = odd == &sides[0] ? &sides[1] : &sides[0];
	struct lineage *lineage = calloc(1, sizeof(*lineage));
	struct text text = {{0}, 0}, size = {{0}, 0};
	char line[512];

	text_add(&text, "rank %" PRId64 " gives %" PRId64 " in dimension %d of %s, rank %" PRId64 " gives %" PRId64, odd->rank, odd->size, dim, name, other->rank, other->size);
	if (odd->is_new)
		text_add(&text, "; in its last %" PRId64 " calls rank %" PRId64 " gave %" PRId64, odd->usual.calls, odd->rank, odd->usual.smallest);
	text_add(&size, "%" PRId64, odd->size);
	if (lineage)
		lineage_walk(source, odd->process, &odd->event, odd->place, dim, LINEAGE_SIZE, lineage);
	if (lineage && lineage->decider >= 0) {
		const struct lineage_step *step = &lineage->steps[lineage->decider];

		text_add(&text, "; the %s was made by %s", size.data, step->event.operation);
		if (where_site_line(source, odd->process, step->event.site, false, line, sizeof(line)))
			text_add(&text, " at %s", line);
		if (*step->how)
			text_add(&text, " (%s)", step->how);
	}
	json_array_append_new(json_object_get(cause, "evidence"), json_pack("{s:I, s:o}", "event", (json_int_t)odd->event.id, "text", text_json(text.data)));
	if (odd->is_new) {
		struct text fix = {{0}, 0};

		text_add(&fix, "give rank %" PRId64 " its usual %" PRId64 " where the %" PRId64 " is made (a sample that is left out needs another in its place, a batch that is cut the rest); or ",
			 odd->rank, odd->usual.smallest, odd->size);
		text_add(&fix, "%s", text_get(cause, "fix"));
		text_set(cause, "fix", fix.data);
	}
	if (json_is_null(json_object_get(failure, "mismatch"))) {
		json_object_set_new(failure, "mismatch", json_pack("{s:s, s:o, s:o, s:i, s:I, s:I, s:o, s:b}", "property", "size", "operand", text_json(name), "against", json_null(), "dim", dim,
								   "expected", (json_int_t)other->size, "actual", (json_int_t)odd->size, "text", text_json(text.data),
								   "from_message", 0));
		if (lineage)
			json_object_set_new(failure, "origin", lineage_origin(source, lineage, size.data));
	}
	free(lineage);
}

void
ranks_tell_sizes(const struct source *source, const json_t *divergence, json_t *failure, json_t *cause)
{
	const json_t *one = json_object_get(divergence, "a"), *other = json_object_get(divergence, "b");
	struct side sides[2] = { 0 };
	int dim = -1;
	const char *name = differing(one, other, &dim);

	if (name && open_side(source, one, name, dim, &sides[0]) && open_side(source, other, name, dim, &sides[1]))
		tell(source, sides, name, dim, failure, cause);
}
