/* What the stages share about one failure: its frames, its mismatch, its lineage. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lineage/backward.h"
#include "findings/check.h"
#include "failure/compiled.h"
#include "failure/compiled_symbols.h"
#include "diagnosis_parts.h"
#include "history/history.h"
#include "knowledge.h"
#include "mismatch/mismatch_rule.h"
#include "modules.h"
#include "multiple.h"
#include "report_failure.h"
#include "text.h"
#include "told.h"
#include "where.h"

#define CHILDREN_MOST 64

/* From device BEFORE to device AFTER: brought to where things are computed? (What is moved to the cpu is set aside.) */
static bool
is_brought(const char *before, const char *after)
{
	return before && after && strcmp(before, after) != 0 && strcmp(after, "cpu") != 0;
}

/* Was the tensor at PLACE brought from another device, in place or as a copy? */
static bool
was_brought(const struct source *source, int process, const struct event *event, int place)
{
	struct lineage *lineage = calloc(1, sizeof(*lineage));
	const struct lineage_step *step = NULL;
	const char *before, *after;
	struct live_tensor live;
	bool brought = false;

	if (event->operands[place].tensor > 0 && source->live_tensor(source->context, process, event->operands[place].tensor, &live) && live.moved.known &&
	    live.moved.before && live.moved.after) {
		before = strchr(live.moved.before, ' ');
		after = strchr(live.moved.after, ' ');
		brought = before && after && is_brought(before + 1, after + 1);
	}
	if (lineage && !brought) {
		lineage_walk(source, process, event, place, -1, LINEAGE_DEVICE, lineage);
		step = lineage->decider >= 0 && !lineage->steps[lineage->decider].entered ? &lineage->steps[lineage->decider] : NULL;
	}
	if (step && step->event.operand_count && step->output >= 0 && step->output < step->event.output_count) {
		before = step->event.operands[0].device;
		after = step->event.outputs[step->output].device;
		brought = is_brought(before, after);
	}
	free(lineage);
	return brought;
}

/* Which of two dtypes (or devices) that disagree is the one to explain? A tensor that was brought to where it is isn't the one that was left
 * behind; else the one that few of the model's parameters have. */
static bool
is_other_odd(const struct source *source, int process, const struct event *event, const json_t *modules, const struct mismatch *found)
{
	bool one, other;

	if (strcmp(found->property, "device") == 0 && strcmp(found->expected_name, "meta") != 0 && strcmp(found->actual_name, "meta") != 0) {
		one = was_brought(source, process, event, found->operand);
		other = was_brought(source, process, event, found->against);
		if (one != other)
			return one;
	}
	return modules_has_odd(modules, found->property, found->expected_name) &&
	       strcmp(modules_majority(modules, found->property), found->actual_name) == 0;
}

/* Two dtypes (or devices) disagree: the operand becomes the one to explain. */
static void
turn_to_odd(const struct source *source, int process, const struct mismatch_facts *facts, const json_t *modules, struct mismatch *mismatch)
{
	struct mismatch found = *mismatch;

	if (!text_among("dtype device", found.property) || found.operand < 0 || found.against < 0 || !found.expected_name ||
	    !found.actual_name || !is_other_odd(source, process, facts->event, modules, &found))
		return;
	mismatch_start(mismatch);
	state_names(facts, mismatch, found.property, found.against, found.operand, found.actual_name, found.expected_name);
	mismatch->from_message = found.from_message;
}

/* Two tensors' sizes disagree: the one to explain is the one that was always another before. */
static void
turn_to_changed(const struct source *source, int process, const struct mismatch_facts *facts, struct mismatch *mismatch)
{
	struct mismatch found = *mismatch;
	const struct operand *operands = facts->event->operands;

	if (strcmp(found.property, "size") != 0 || found.operand < 0 || found.against < 0 || found.against_dim < 0 ||
	    operands[found.operand].item >= 0 || operands[found.operand].tensor < 0 || operands[found.against].tensor < 0 ||
	    found.expected != operands[found.against].sizes[found.against_dim] ||
	    !history_other_changed(source, process, facts->event, &found))
		return;
	mismatch_start(mismatch);
	state_size(facts, mismatch, found.against, found.against_dim, found.operand, found.dim, found.actual, found.expected);
	mismatch->from_message = found.from_message;
}

/* Rows are written to places that an index lists: where its length isn't by values (nonzero, a mask), it is a size as any. */
static void
turn_to_size(const struct source *source, int process, const struct mismatch_facts *facts, struct mismatch *mismatch)
{
	static const char by_value[] = "nonzero nonzero_numpy masked_select where argwhere index unique unique2 topk";
	const struct operand *index = mismatch->against >= 0 ? &facts->event->operands[mismatch->against] : NULL;
	struct lineage *lineage;
	bool counted = false;

	if (strcmp(mismatch->property, "count") != 0 || !index || index->ndim != 1 || !rule_is_integral(index->dtype) || mismatch->operand < 0 ||
	    !(lineage = calloc(1, sizeof(*lineage))))
		return;
	lineage_walk(source, process, facts->event, mismatch->against, 0, LINEAGE_SIZE, lineage);
	for (int i = 0; i < lineage->count; i++) {
		counted = counted || mismatch_is_any(lineage->steps[i].event.operation, by_value);
	}
	if (lineage->count && !counted && index->sizes[0] == mismatch->expected) {
		mismatch->property = "size";
		mismatch->against_dim = 0;
	}
	free(lineage);
}

static bool
find_mismatch(struct diagnosis *diagnosis, const struct event *event)
{
	const struct source *source = diagnosis->source;
	struct mismatch_facts facts = { .event = event, .message = diagnosis->failure->message };
	struct mismatch_knowledge *knowledge = calloc((size_t)event->operand_count + 1, sizeof(*knowledge));
	struct event *children = calloc(CHILDREN_MOST, sizeof(*children));
	const json_t *exception = diagnosis->failure->operation
					  ? json_object_get(diagnosis->failure->operation->json, "exception") : NULL;
	bool found = false;

	if (exception && *text_get(exception, "message"))
		facts.message = text_get(exception, "message");
	if (diagnosis->cuda && diagnosis->cuda->located >= 0 && diagnosis->cuda->error->code == CUDA_ASSERT)
		facts.message = "index out of range"; /* what a kernel checks of an index; the exception doesn't say so */
	if (knowledge && children) {
		knowledge_fill(event, diagnosis->failure->operation ? diagnosis->failure->operation->json : NULL, diagnosis->frames, knowledge);
		facts.child_count = source->children(source->context, diagnosis->failure->process, event->id, children, CHILDREN_MOST);
		facts.children = children;
		facts.knowledge = knowledge;
		found = mismatch_find(&facts, &diagnosis->mismatch);
		if (found)
			turn_to_odd(source, diagnosis->failure->process, &facts, diagnosis->failure->note ? json_object_get(diagnosis->failure->note->json, "modules") : NULL,
				    &diagnosis->mismatch);
		if (found)
			turn_to_size(source, diagnosis->failure->process, &facts, &diagnosis->mismatch);
		if (found)
			turn_to_changed(source, diagnosis->failure->process, &facts, &diagnosis->mismatch);
	}
	free(knowledge);
	free(children);
	return found;
}

/* What torch.compile traced ran on stand-ins, and is recorded as having failed. */
static bool
take_name(const struct event *event, void *context)
{
	struct failure *failure = context;

	failure->operation_name = event->operation;
	return false;
}

/* In the variable that a compiled part was given: what was viewed there has one dimension that isn't asked for in full, and came in with it. */
static void
find_entered(const struct failure *failure, struct subject *made, const struct mismatch *found)
{
	const json_t *frames = failure->note ? json_object_get(failure->note->json, "frames") : NULL;
	struct operand *viewed = strcmp(found->property, "numel") == 0 && found->operand >= 0 && found->against >= 0 ? &made->operands[found->against] : NULL;
	int dim = viewed && viewed->tensor < 0 ? diagnosis_unasked_dim(&made->event, found, found->against) : -1;

	if (dim >= 0)
		viewed->tensor = compiled_entered(frames, dim, viewed->sizes[dim]);
}

/* What called the compiled part: frames of the program that the stack, which begins with the traced line, doesn't reach. */
static void
add_callers(struct diagnosis *diagnosis, const json_t *frames)
{
	json_t *frame;
	size_t i;

	json_array_foreach(frames, i, frame)
		if (!where_frame_passes(frame) && !where_is_among(diagnosis->frames, frame))
			json_array_append(diagnosis->frames, frame);
}

/* What disagrees elsewhere: in a list that the failing frames hold, in what a message tells of a checkpoint. */
static void
find_subject(struct diagnosis *diagnosis)
{
	struct failure *failure = diagnosis->failure;
	struct subject *made = calloc(1, sizeof(*made));
	struct mismatch found;

	diagnosis->told = failure->note && !failure->operation ? subject_told_shapes(failure->note->json, failure->message) : NULL;
	if (made && (strcmp(failure->kind, "operation") == 0 ? subject_of_list(made, failure->operation_name, diagnosis->frames, &found)
					: compiled_subject(made, failure->message, failure->note ? json_object_get(failure->note->json, "frames") : NULL, &found) ||
					  subject_of_checkpoint(made, diagnosis->told ? diagnosis->told : failure->message, diagnosis->frames, &found) ||
					  subject_of_lengths(made, failure->message, diagnosis->frames, &found) ||
					  backward_gradient(diagnosis->source, failure, made, &found) ||
					  backward_recomputed(diagnosis->source, failure, made, &found) ||
					  subject_of_saved(made, failure->message, &found) ||
					  check_compares(diagnosis->source, failure, diagnosis->frames, made, &found) ||
					  check_unpacks(diagnosis->source, failure, diagnosis->frames, made, &found) ||
					  check_indexes(diagnosis->source, failure, diagnosis->frames, made, &found) ||
					  check_subscripts(diagnosis->source, failure, diagnosis->frames, made, &found) ||
					  multiple_subject(diagnosis->source, failure, diagnosis->frames, made, &found) ||
					  told_subject(diagnosis->source, failure, diagnosis->frames, made, &found))) {
		made->event.id = failure->has_event ? failure->event.id
				 : failure->context_event >= 0 && failure->context_event < INT64_MAX ? failure->context_event + 1 : INT64_MAX;
		made->event.grad = failure->has_event && failure->event.grad;
		if (!failure->operation_name && strncmp(made->event.operation, "aten::", 6) == 0 && !failure->has_event)
			diagnosis->source->each_failed(diagnosis->source->context, failure->process, made->event.operation, take_name, failure);
		if (strncmp(made->event.operation, "aten::", 6) == 0 && failure->message && strstr(failure->message, "fake tensors: call_")) {
			add_callers(diagnosis, failure->note ? json_object_get(failure->note->json, "frames") : NULL);
			find_entered(failure, made, &found);
			compiled_find_made(diagnosis->source, failure->process, made);
		}
		diagnosis->made = made;
		diagnosis->subject = &made->event;
		diagnosis->mismatch = found;
		diagnosis->has_mismatch = true;
		return;
	}
	free(made);
}

/* The innermost operation may know more than the one that was called. */
static bool
find_inner(struct diagnosis *diagnosis)
{
	const struct source *source = diagnosis->source;
	struct failure *failure = diagnosis->failure;
	struct mismatch kept = diagnosis->mismatch;
	bool had = diagnosis->has_mismatch;

	for (struct event event = failure->inner; failure->has_inner && event.id > failure->event.id;) {
		if (find_mismatch(diagnosis, &event) && !diagnosis->mismatch.from_message) {
			failure->event = event;
			failure->operation_name = event.operation;
			return diagnosis->has_mismatch = true;
		}
		if (event.parent < 0 || !source->event(source->context, failure->process, event.parent, &event))
			break;
	}
	diagnosis->mismatch = kept;
	diagnosis->has_mismatch = had;
	return false;
}

void
diagnosis_start(struct diagnosis *diagnosis, const struct source *source, struct failure *failure)
{
	*diagnosis = (struct diagnosis){ .source = source, .failure = failure, .frames = where_frames(source, failure),
					 .subject = &failure->event, .followed = { .id = -1 } };
	items_start(source, failure, diagnosis->frames, &diagnosis->items);
	diagnosis->cuda = cuda_failure_find(source, failure, diagnosis->frames);
	if (diagnosis->cuda && diagnosis->cuda->located >= 0)
		diagnosis->frames = cuda_failure_turn(source, diagnosis->cuda, failure, diagnosis->frames);
	if (strcmp(failure->kind, "operation") == 0 && failure->has_event) {
		diagnosis->has_mismatch = find_mismatch(diagnosis, &failure->event);
		if ((diagnosis->has_mismatch && (diagnosis_assigned(diagnosis) || diagnosis_shaped(diagnosis))) ||
		    (diagnosis->has_mismatch && !diagnosis->mismatch.from_message) || find_inner(diagnosis) || diagnosis->has_mismatch)
			return;
	}
	if (strcmp(failure->kind, "signal") != 0 && !diagnosis->cuda)
		find_subject(diagnosis);
}

void
diagnosis_end(struct diagnosis *diagnosis)
{
	items_end(diagnosis->failure, &diagnosis->items);
	json_decref(diagnosis->frames);
	json_decref(diagnosis->origin);
	json_decref(diagnosis->lineage);
	free(diagnosis->made);
	free(diagnosis->told);
	free(diagnosis->cuda);
	json_decref(diagnosis->memory);
	free(diagnosis->stories[0]);
	free(diagnosis->stories[1]);
}

