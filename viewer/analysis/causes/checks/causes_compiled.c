/* A rule about two sizes that torch.compile tells as expressions of one length: one counts a rest, the other doesn't. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../failure/compiled_lengths.h"
#include "../../where.h"

#define CALLS_LEAST 5
#define CALLS_MOST 4096

/* What the line that made the length made in its earlier calls. */
struct lengths { int output, dim, ndim; int64_t by, calls, multiples, smallest, largest; };

static bool
add_length(const struct event *event, void *context)
{
	struct lengths *lengths = context;
	const struct operand *made = lengths->output < event->output_count ? &event->outputs[lengths->output] : NULL;
	int64_t size;

	if (!made || made->ndim != lengths->ndim)
		return true;
	size = made->sizes[lengths->dim];
	lengths->smallest = lengths->calls && lengths->smallest < size ? lengths->smallest : size;
	lengths->largest = lengths->largest > size ? lengths->largest : size;
	lengths->multiples += size % lengths->by == 0;
	return ++lengths->calls < CALLS_MOST;
}

/* The step that decided the length of the variable, and what its line made before; false if nothing of it is recorded. */
static bool
find_made(const struct cause_facts *facts, const struct compiled_lengths *is, struct lineage *lineage, struct lengths *was)
{
	int64_t tensor = json_integer_value(json_object_get(is->local, "tensor"));
	const struct lineage_step *step;

	if (!facts->source || tensor <= 0)
		return false;
	lineage_walk_tensor(facts->source, facts->process, tensor, facts->before, is->dim, LINEAGE_SIZE, lineage);
	step = lineage->decider >= 0 ? &lineage->steps[lineage->decider] : NULL;
	if (!step || step->entered || step->output < 0 || step->output >= step->event.output_count || step->dim < 0 ||
	    step->dim >= step->event.outputs[step->output].ndim || step->size != is->length)
		return false;
	*was = (struct lengths){ .output = step->output, .dim = step->dim, .ndim = step->event.outputs[step->output].ndim, .by = is->multiple };
	facts->source->each_call(facts->source->context, facts->process, &step->event, add_length, was);
	return true;
}

static void
add_made(const struct cause_facts *facts, struct cause *out, const struct compiled_lengths *is)
{
	struct lineage *lineage = calloc(1, sizeof(*lineage));
	struct lengths was;

	if (lineage && find_made(facts, is, lineage, &was)) {
		text_add(&out->text, "; %" PRId64 " was made by ", is->length);
		cause_add_line(facts, &out->text, &lineage->steps[lineage->decider], is->length);
		if (was.calls >= CALLS_LEAST && was.multiples == was.calls)
			text_add(&out->evidence, "in %" PRId64 " earlier calls that line made multiples of %" PRId64 " alone (%" PRId64 " to %" PRId64 ")", was.calls, is->multiple,
				 was.smallest, was.largest);
	}
	free(lineage);
}

/* Needs: sizes that torch.compile tells as expressions of one length, and a variable of that length; they agree for the multiples of a number, which this is none of. */
bool
cause_compiled_rounded(const struct cause_facts *facts, struct cause *out)
{
	struct compiled_lengths is;
	int large;
	int64_t sizes[2];

	if (!facts->message || !facts->event || !cause_disagrees(facts, "size") || !strstr(facts->message, "fake tensors: call_") ||
	    !compiled_lengths(facts->message, facts->event, facts->mismatch, facts->frames, &is))
		return false;
	sizes[0] = facts->event->operands[facts->mismatch->operand].sizes[facts->mismatch->dim];
	sizes[1] = facts->event->operands[facts->mismatch->against].sizes[facts->mismatch->against_dim];
	large = sizes[1] > sizes[0];
	out->confidence = "likely";
	text_add(&out->text, "inside the compiled part (torch.compile traced this line): ");
	text_add(&out->text, "both sizes are made of one length, n = %" PRId64 " (dimension %d of %s): %s has %s = %" PRId64 ", %s has %s = %" PRId64 "; ", is.length, is.dim,
		 text_get(is.local, "name"), cause_operand_name(facts, large ? facts->mismatch->against : facts->mismatch->operand), is.sizes[large], sizes[large],
		 cause_operand_name(facts, large ? facts->mismatch->operand : facts->mismatch->against), is.sizes[!large], sizes[!large]);
	if (is.only)
		text_add(&out->text, "they agree only for multiples of %" PRId64 ", as the one rounds up and the other down, and %" PRId64 " is none", is.multiple, is.length);
	else
		text_add(&out->text, "they always agree for multiples of %" PRId64 ", as the one rounds up and the other down, and %" PRId64 " is none", is.multiple, is.length);
	text_add(&out->fix, "pad (or cut) that length to a multiple of %" PRId64 " (%" PRId64 ") before the compiled part is called, or round both alike: %s for both (a slice that "
		 "takes every k-th rounds up from place 0 on, as a strided layer with padding does, and down from place k - 1 on, as // does)", is.multiple,
		 (is.length / is.multiple + 1) * is.multiple, is.sizes[large]);
	add_made(facts, out, &is);
	return true;
}
