/*
 * Collectives whose sizes differ between ranks by design: a gather into tensors of as many sizes as there are ranks.
 */
#include "diff_parts.h"

#include <string.h>

static bool
sizes_equal(const struct operand *one, const struct operand *other)
{
	return one->ndim == other->ndim && one->ndim >= 0 &&
	       memcmp(one->sizes, other->sizes, (size_t)one->ndim * sizeof *one->sizes) == 0;
}

/* What EVENT gives, and the tensors that it gathers into. */
struct gather { const struct operand *input, *outputs; int output_count; };

static bool
gather_of(const struct event *event, struct gather *out)
{
	*out = (struct gather){ 0 };
	if (strcmp(event->operation, "c10d::allgather_") != 0)
		return false;
	for (int i = 0; i < event->operand_count; i++) {
		const struct operand *operand = &event->operands[i];

		if (strcmp(operand->kind, "tensor") != 0)
			continue;
		if (strncmp(operand->name, "output_tensors[", 15) == 0) {
			out->outputs = out->outputs ? out->outputs : operand;
			out->output_count++;
		} else if (strncmp(operand->name, "input_tensors[", 14) == 0 && !out->input)
			out->input = operand;
	}
	return out->input && out->output_count > 1;
}

/* Is there room for GIVEN among the gathered? A group of all ranks has it at the rank's own place. */
static bool
has_room(const struct gather *gather, const struct operand *given, const struct member *member)
{
	if (gather->output_count == member->info->world_size)
		return member->rank < gather->output_count && sizes_equal(&gather->outputs[member->rank], given);
	for (int i = 0; i < gather->output_count; i++)
		if (sizes_equal(&gather->outputs[i], given))
			return true;
	return false;
}

bool
collective_is_uneven(const struct member *left, int64_t left_event, const struct member *right, int64_t right_event)
{
	struct event a, b;
	struct gather x, y;

	return trace_event(left->trace, left->process, left_event, &a) && gather_of(&a, &x) &&
	       trace_event(right->trace, right->process, right_event, &b) && gather_of(&b, &y) && x.output_count == y.output_count &&
	       has_room(&x, x.input, left) && has_room(&x, y.input, right) && has_room(&y, x.input, left) && has_room(&y, y.input, right);
}
