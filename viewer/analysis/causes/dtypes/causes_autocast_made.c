/* A half dtype that autocast made, also of what took its dtype from there. */
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../code/handed.h"
#include "../../mismatch/mismatch_rule.h"

#define RECENT_MOST 20000

/* What autocast runs in half precision: of float32 they make no other dtype by themselves. */
static const char lowered[] = "linear matmul mm bmm addmm addbmm baddbmm mv addmv addr chain_matmul einsum conv1d conv2d conv3d conv_transpose1d conv_transpose2d "
			      "conv_transpose3d conv_tbc convolution _convolution prelu scaled_dot_product_attention lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell";

static bool
is_half(const char *dtype)
{
	return dtype && text_among("float16 bfloat16", dtype);
}

/* Did autocast run STEP: was it given float32 and made half precision of it? */
static bool
is_lowered(const struct lineage_step *step)
{
	const struct event *event = &step->event;

	if (step->output < 0 || step->output >= event->output_count || !is_half(event->outputs[step->output].dtype) || !mismatch_is_any(event->operation, lowered))
		return false;
	for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1))
		if (event->operands[i].dtype && strcmp(event->operands[i].dtype, "float32") == 0)
			return true;
	return false;
}

static const struct lineage_step *
find_lowered(const struct lineage *lineage)
{
	for (int i = 0; i < lineage->count; i++)
		if (is_lowered(&lineage->steps[i]))
			return &lineage->steps[i];
	return NULL;
}

/* Does the STATEMENT take its sizes from the same tensor? */
static bool
takes_sizes(const char *statement, const struct handed_name *model)
{
	size_t size, of;

	for (const char *at = statement; (at = code_next_path(at, &size)); at += size)
		if ((handed_attribute(at, size, ".shape", &of) || handed_attribute(at, size, ".size", &of)) && of == model->size && strncmp(at, model->name, of) == 0)
			return true;
	return false;
}

struct alike { const struct operand *made; int64_t before, tensor; };

static bool
add_alike(const struct event *event, void *context)
{
	struct alike *alike = context;
	const struct operand *is = event->output_count == 1 ? event->outputs : NULL;

	if (event->id >= alike->before || !is || !is->dtype || is->ndim < 1 || is->ndim != alike->made->ndim || strcmp(is->dtype, alike->made->dtype) != 0 ||
	    memcmp(is->sizes, alike->made->sizes, (size_t)is->ndim * sizeof(*is->sizes)) != 0)
		return true;
	alike->tensor = is->tensor;
	return false;
}

/* The tensor whose dtype MADE, of a factory, was given (`dtype=X.dtype`): X, a local variable (NAME); or where that is gone, and gave its sizes, too, the
 * newest before it that is just as it is. -1 where the dtype was asked for, or isn't known. */
static int64_t
model_of(const struct cause_facts *facts, const struct lineage_step *made, const char **name)
{
	const struct operand *is = &made->event.outputs[made->output];
	struct alike alike = { .made = is, .before = made->event.id, .tensor = -1 };
	struct handed_name model = { .dtype = is->dtype };
	struct code_statement statement;
	const json_t *local;
	struct code code;
	char file[512];
	int line = cause_open(facts, made, &code, file, sizeof(file));
	bool known = line && code_statements(&code, line, &statement, 1) && (model.name = handed_next(statement.text, &model.size));

	if (line)
		code_close(&code);
	local = known ? cause_local(facts, handed_is_called, &model) : NULL;
	if (local) {
		*name = text_get(local, "name");
		return json_integer_value(json_object_get(local, "tensor"));
	}
	if (known && takes_sizes(statement.text, &model))
		facts->source->each_recent(facts->source->context, facts->process, RECENT_MOST, add_alike, &alike);
	return alike.tensor;
}

static void
add_clause(const struct cause_facts *facts, struct text *text, const struct lineage_step *by, const char *dtype, const char *made, const char *name)
{
	text_add(text, "; %s is autocast's: ", dtype);
	if (name)
		text_add(text, "%s was made with the dtype of %s, ", made, name);
	else if (made)
		text_add(text, "%s was made with the dtype and the sizes of another tensor, ", made);
	text_add(text, "%s", made ? SAY("which was made of float32 by ") : SAY("made of float32 by "));
	cause_add_step(facts, text, by);
}

bool
cause_add_autocast(const struct cause_facts *facts, struct text *text, const struct cause_side *side)
{
	const struct lineage_step *made = cause_decider(side), *by = side->lineage ? find_lowered(side->lineage) : NULL;
	const char *name = NULL, *dtype;
	struct lineage *story;
	int64_t tensor;

	if (!made || !facts->source || made->output < 0 || made->output >= made->event.output_count || !is_half(made->event.outputs[made->output].dtype))
		return false;
	dtype = made->event.outputs[made->output].dtype;
	if (by) {
		add_clause(facts, text, by, dtype, NULL, NULL);
		return true;
	}
	if (!mismatch_is_any(made->event.operation, "zeros ones full empty rand randn") || rule_next(&made->event, 0) >= 0 || (tensor = model_of(facts, made, &name)) < 0 ||
	    !(story = calloc(1, sizeof(*story))))
		return false;
	lineage_walk_tensor(facts->source, facts->process, tensor, made->event.id, -1, LINEAGE_DTYPE, story);
	by = find_lowered(story);
	if (by)
		add_clause(facts, text, by, dtype, cause_operand_name(facts, side->place), name);
	free(story);
	return by;
}
