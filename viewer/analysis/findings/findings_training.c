/* Findings about what is trained, from the newest "state" note: who got a gradient, who has an optimizer. */
#include <inttypes.h>
#include <string.h>

#include "findings_tool.h"
#include "../where.h"

#define SHARE 10        /* a row matters from a tenth of the trainable elements on ... */
#define SHARE_TENSORS 4 /* ... or from a quarter of the trainable tensors */
#define OPTIMIZERS_SEEN 3 /* more than these are not all looked at in one step */
#define STEPS_WALKED 2  /* whole steps among the kept operations, before "never used" is said */

static bool
is_large(const json_t *row, const json_t *model)
{
	return finding_number(row, "elements") >= (finding_number(model, "trainable_elements") + SHARE - 1) / SHARE ||
	       finding_number(row, "tensors") >= (finding_number(model, "trainable") + SHARE_TENSORS - 1) / SHARE_TENSORS;
}

/* Of an optimizer none of whose parameters ever had a gradient, step() does nothing. */
void
finding_optimizer_of_another(const struct finding_facts *facts, struct finding_sink *sink)
{
	const json_t *model;
	struct finding *finding;

	if (!finding_knows(facts, &model) || finding_number(model, "owned") > 0 || finding_number(model, "graded") == 0 ||
	    finding_number(facts->state, "optimizer_tensors") == 0 || finding_number(facts->state, "optimizer_graded") > 0)
		return;
	finding = finding_new(sink);
	text_add(&finding->text, "%s trains nothing: none of its %" PRId64 " parameters has had a gradient in %" PRId64 " steps, and none is of %s, where %" PRId64
		 " have one", text_get(facts->state, "optimizer"), finding_number(facts->state, "optimizer_tensors"), finding_number(facts->state, "step"),
		 finding_root(facts), finding_number(model, "graded"));
	text_add(&finding->evidence, "the optimizer was made with parameters that the model had before, or with another model's");
}

/* Where an input requires grad (enable_input_require_grads), backward runs and reaches no parameter. */
void
finding_everything_frozen(const struct finding_facts *facts, struct finding_sink *sink)
{
	const json_t *model;
	struct finding *finding;

	if (!finding_knows(facts, &model) || finding_number(model, "trainable") > 0 || finding_number(model, "owned") == 0 || finding_number(facts->state, "optimizer_graded") > 0)
		return;
	finding = finding_new(sink);
	text_add(&finding->text, "%s makes steps, and none of the %" PRId64 " parameters of %s requires grad: nothing is trained",
		 text_get(facts->state, "optimizer"), finding_number(model, "tensors"), finding_root(facts));
}

/* What is trained is the optimizer's, and backward has reached none of it (where an input requires grad, it runs all the same): an adapter
 * that isn't in the way from input to loss. */
void
finding_nothing_graded(const struct finding_facts *facts, struct finding_sink *sink)
{
	const json_t *model;
	struct finding *finding;

	if (!finding_knows(facts, &model) || finding_number(model, "trainable") == 0 || finding_number(model, "owned") < finding_number(model, "trainable") ||
	    finding_number(model, "graded") > 0 || finding_number(facts->state, "optimizer_graded") > 0)
		return;
	finding = finding_new(sink);
	text_add(&finding->text, "%s makes steps, and none of the %" PRId64 " parameters of %s that require grad has had a gradient in %" PRId64 " steps: nothing is trained",
		 text_get(facts->state, "optimizer"), finding_number(model, "trainable"), finding_root(facts), finding_number(facts->state, "step"));
}

/* Trained by the optimizer of this very model, and left out by it. Where one optimizer's parameters are copies of the model's, no
 * row says anything. */
void
finding_not_optimized(const struct finding_facts *facts, struct finding_sink *sink)
{
	const json_t *model, *row;
	size_t i;

	if (!finding_knows(facts, &model) || finding_number(model, "owned") == 0 || finding_number(facts->state, "optimizers") > OPTIMIZERS_SEEN)
		return;
	json_array_foreach(json_object_get(facts->state, "unowned"), i, row) {
		struct finding *finding = finding_new(sink);

		if (!finding)
			return;
		finding_add_row(facts, &finding->text, row);
		text_add(&finding->text, " get gradients, and no optimizer that makes steps has them: they stay as they are");
	}
}

/* The newest use of one of ROW's parameters; NULL: none. *COVERED: enough is kept to say so. */
static const struct survey_use *
use_of(const struct finding_facts *facts, const json_t *row, bool *covered)
{
	const json_t *identity;
	size_t i;

	*covered = facts->survey->events > 0 && facts->survey->last_step - facts->survey->first_step >= STEPS_WALKED &&
		   json_array_size(json_object_get(row, "identities")) > 0;
	json_array_foreach(json_object_get(row, "identities"), i, identity) {
		const struct survey_use *use = findings_survey_use(facts->survey, json_integer_value(identity));

		if (use && use->calls)
			return use;
	}
	return NULL;
}

static void
add_use(const struct finding_facts *facts, struct text *text, const struct survey_use *use)
{
	char line[256];

	text_add(text, "%s", use->operation);
	if (where_site_line(facts->source, facts->process, use->site, false, line, sizeof line))
		text_add(text, " at %s", line);
}

/* The optimizer has it, it requires grad, and backward never reached it, in as many steps as were looked at. */
void
finding_no_gradient(const struct finding_facts *facts, struct finding_sink *sink)
{
	const json_t *model, *row;
	int64_t steps = finding_number(facts->state, "step");
	size_t i;

	if (!finding_knows(facts, &model) || finding_number(model, "graded") == 0)
		return;
	json_array_foreach(json_object_get(facts->state, "idle"), i, row) {
		bool covered;
		const struct survey_use *use = use_of(facts, row, &covered);
		struct finding *finding;

		if (!is_large(row, model) || (use ? use->steps < findings_survey_steps(facts->survey) : !covered || finding_is_numbered(row)))
			continue; /* what is used in some steps only has its gradient in those */
		finding = finding_new(sink);
		if (!finding)
			return;
		finding_add_row(facts, &finding->text, row);
		text_add(&finding->text, " require grad, are the optimizer's, and had no gradient in %" PRId64 " steps: ", steps);
		finding->event = use ? use->event : -1;
		finding->site = use ? use->site : -1;
		if (!use) {
			finding->confidence = "possible";
			text_add(&finding->text, "no operation of forward has used them");
			text_add(&finding->fix, "leave it out of the model, or requires_grad_(False); if it should take part, forward doesn't call it");
		} else if (use->with_grad) {
			text_add(&finding->text, "forward uses them, but what they make does not reach the loss");
			text_add(&finding->evidence, "the newest use: ");
			add_use(facts, &finding->evidence, use);
		} else {
			text_add(&finding->text, "forward uses them where autograd is off");
			text_add(&finding->evidence, "without autograd: ");
			add_use(facts, &finding->evidence, use);
		}
	}
}

/* The state of the first rank that has one; *RANK gets which that is. */
static const json_t *
first_state(const struct finding_facts *facts, int *rank)
{
	const struct source *source = facts->source;
	const struct note *notes;

	for (int i = 0; i < source->process_count(source->context); i++) {
		const struct process *process = source->process(source->context, i);
		int count = process->rank >= 0 && strcmp(process->role, "rank") == 0 ? source->notes(source->context, i, "state", &notes) : 0;

		*rank = process->rank;
		if (count)
			return notes[count - 1].json;
	}
	return NULL;
}

/* As large a model of the same class on both ranks, of which another part is trained: gradients of different tensors are added up. */
void
finding_ranks_train_apart(const struct finding_facts *facts, struct finding_sink *sink)
{
	const struct process *process = facts->source->process(facts->source->context, facts->process);
	int rank = -1;
	const json_t *model, *state = first_state(facts, &rank), *first = json_object_get(state, "model");
	struct finding *finding;

	if (!finding_knows(facts, &model) || !first || finding_number(first, "unknown") || process->rank < 0 || process->rank == rank ||
	    strcmp(text_get(state, "class"), text_get(facts->state, "class")) != 0 || finding_number(first, "tensors") != finding_number(model, "tensors") ||
	    finding_number(first, "elements") != finding_number(model, "elements") ||
	    (finding_number(first, "trainable") == finding_number(model, "trainable") && finding_number(first, "trainable_elements") == finding_number(model, "trainable_elements")))
		return;
	finding = finding_new(sink);
	text_add(&finding->text, "rank %d trains %" PRId64 " parameters (%" PRId64 " elements) of %s, rank %d trains %" PRId64 " (%" PRId64 ")", process->rank,
		 finding_number(model, "trainable"), finding_number(model, "trainable_elements"), finding_root(facts), rank, finding_number(first, "trainable"),
		 finding_number(first, "trainable_elements"));
}

/* --- what has not been used yet and would fail ------------------------------------------------ */

/* Rows of LIST that nothing has used, each as a finding whose text is begun. */
static void
unused(const struct finding_facts *facts, struct finding_sink *sink, const char *list, const char *property)
{
	const json_t *model, *row;
	size_t i;

	if (!finding_knows(facts, &model) || json_is_true(json_object_get(model, "hooked")))
		return;
	json_array_foreach(json_object_get(facts->state, list), i, row) {
		bool covered;
		struct finding *finding;

		if (use_of(facts, row, &covered) || !covered || finding_number(row, "elements") < finding_number(model, "elements") / 50)
			continue;
		finding = finding_new(sink);
		if (!finding)
			return;
		finding_add_row(facts, &finding->text, row);
		text_add(&finding->text, " has %s %s, unlike most of %s, and nothing has used it so far: the first input that needs it will fail",
			 language_word(property), text_get(row, property), finding_root(facts));
	}
}

void
finding_left_elsewhere(const struct finding_facts *facts, struct finding_sink *sink)
{
	unused(facts, sink, "device", "device");
}

void
finding_left_in_dtype(const struct finding_facts *facts, struct finding_sink *sink)
{
	unused(facts, sink, "dtype", "dtype");
}
