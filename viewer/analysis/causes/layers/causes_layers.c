/* Rules about layers that are given what they weren't built for. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

#define CHANNELS_COMMON 16 /* a number as small as that is equal by chance */

static bool
is_product(const struct cause_facts *facts)
{
	return cause_disagrees(facts, "size") && facts->mismatch->operand >= 0 && facts->mismatch->against >= 0 &&
	       cause_is(facts, "matmul mm bmm addmm baddbmm linear");
}

static const char layers[] = "linear addmm mm matmul convolution conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d embedding lstm gru rnn_tanh";

const char *
cause_module(const struct cause_facts *facts)
{
	for (size_t i = 0; i < json_array_size(facts->frames); i++)
		if (*text_get(json_array_get(facts->frames, i), "module"))
			return text_get(json_array_get(facts->frames, i), "module");
	return NULL;
}

/* Needs: the other of the last two dimensions is the one that would fit. */
bool
cause_transposed(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct operand *is;
	int other;

	if (!is_product(facts) || cause_is(facts, "linear"))
		return false;
	is = &facts->event->operands[mismatch->operand];
	other = is->ndim - 1;
	if (is->ndim < 2 || mismatch->dim != is->ndim - 2 || is->sizes[other] != mismatch->expected || mismatch->expected < 2)
		return false;
	out->confidence = facts->calls && is->ndim < 3 ? "possible" : "likely"; /* heads: queries and keys of one width */
	text_add(&out->text, "%s looks transposed: its dimension %d has the %" PRId64 " that is needed in dimension %d",
		 cause_operand_name(facts, mismatch->operand), other, mismatch->expected, mismatch->dim);
	text_add(&out->fix, "multiply by its transpose (.transpose(-1, -2))");
	return true;
}

/* The sizes that were flattened into SIDE's: "16 x 6 x 6". */
static const struct lineage_step *
flattened(const struct cause_side *side, int64_t *sizes, int *count)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];
		const struct operand *from = NULL, *to = step->output < step->event.output_count ? &step->event.outputs[step->output] : NULL;
		int place = rule_any(&step->event, "self input");

		if (!mismatch_is_any(step->event.operation, "flatten view reshape unsafe_view reshape_alias"))
			continue;
		from = place >= 0 ? &step->event.operands[place] : NULL;
		if (!from || !to || to->ndim < 2 || from->ndim <= to->ndim || from->ndim - to->ndim + 1 > CAUSE_SHAPE_MOST || step->dim != to->ndim - 1)
			return NULL;
		*count = 0;
		for (int d = to->ndim - 1; d < from->ndim; d++)
			sizes[(*count)++] = from->sizes[d];
		return step;
	}
	return NULL;
}

static void
add_precedent(const struct cause_facts *facts, struct cause *out, int64_t expected)
{
	if (facts->calls && facts->agreed == facts->calls)
		text_add(&out->evidence, "%sin %" PRId64 " earlier calls the input had %" PRId64, out->evidence.used ? SAY("; ") : "", facts->calls, expected);
	if (cause_decider(&facts->sides[0])) {
		text_add(&out->evidence, "%sthe %" PRId64 " was decided by ", out->evidence.used ? SAY("; ") : "", facts->sides[0].size);
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[0]));
	}
}

/* What the operation that decided the input's size did, where that says more. */
static bool
tell_decider(const struct cause_facts *facts, struct text *clause, struct text *fix)
{
	const struct lineage_step *step = cause_decider(&facts->sides[0]);

	return step && (cause_tell_pieces(facts, step, clause, fix) ||
			cause_tell_step(step, cause_operand_name(facts, facts->mismatch->operand), facts->mismatch->expected, clause, fix));
}

/* Did its size go through what a picture's size decides? */
static bool
is_resampled(const struct cause_side *side)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++) {
		const char *operation = side->lineage->steps[i].event.operation;

		if (strstr(operation, "conv") || strstr(operation, "pool") || strstr(operation, "upsample") || strstr(operation, "unfold"))
			return true;
	}
	return false;
}

/* The nearest number that is called like channels or features and is VALUE, and by the same name never OTHER; NULL. */
static const json_t *
channels_called(const struct cause_facts *facts, int64_t value, int64_t other)
{
	static const char hints[] = "channels features bins mels feature_size num_mel_bins n_mels in_dim input_dim input_size hidden_size embed_dim d_model n_embd projection_dim "
				    "attention_dim";
	struct text_walk at = { 0 };
	const json_t *number;

	while (value > CHANNELS_COMMON && (number = cause_next_number(facts, &at)))
		if (json_integer_value(json_object_get(number, "value")) == value && strncmp(text_get(number, "name"), "len(", 4) != 0 &&
		    cause_is_called(number, hints) && !cause_number_named(facts, text_get(number, "name"), &other))
			return number;
	return NULL;
}

/* Both sides' numbers have names: what makes the input is to make what the layer was built for. */
static bool
tell_both(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const json_t *takes = channels_called(facts, mismatch->expected, mismatch->actual), *given = channels_called(facts, mismatch->actual, mismatch->expected);

	if (!takes || !given || (cause_decided_by(&facts->sides[0], "cat concat concatenate") && rule_pieces(&cause_decider(&facts->sides[0])->event) > 1))
		return false; /* what is put together of several is no number by a name */
	out->setting = given;
	text_add(&out->text, ": %s is %" PRId64 ", %s is %" PRId64, text_get(given, "name"), mismatch->actual, text_get(takes, "name"), mismatch->expected);
	text_add(&out->fix, "make the input with %" PRId64 ": set %s so where it is made; the layer's weights are for %" PRId64 " (build it for %" PRId64 " only where they "
		 "are trained anew)", mismatch->expected, text_get(given, "name"), mismatch->expected, mismatch->actual);
	return true;
}

/* What the layer's width is called as it is built. */
static const char *
width_argument(const struct cause_facts *facts)
{
	return cause_is(facts, "batch_norm native_batch_norm instance_norm") ? "num_features"
	       : cause_is(facts, "group_norm native_group_norm") ? "num_channels"
	       : cause_is(facts, "layer_norm native_layer_norm rms_norm") ? "normalized_shape" : "in_features";
}

/* Needs: a layer (linear, norm) whose width isn't that of its input. */
bool
cause_width(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const char *module = cause_module(facts);
	const struct lineage_step *step;
	bool before = facts->calls && facts->agreed == facts->calls;
	struct text clause = {{0}, 0}, fix = {{0}, 0};
	const json_t *given = NULL;
	int64_t sizes[CAUSE_SHAPE_MOST];
	int count = 0;

	if (!cause_disagrees(facts, "size") || mismatch->operand < 0 || mismatch->against < 0 ||
	    !cause_is(facts, "linear layer_norm native_layer_norm rms_norm batch_norm native_batch_norm group_norm instance_norm addmm") ||
	    !text_among("input self mat1 weight mat2", cause_argument(facts, mismatch->operand)))
		return false;
	if (cause_is(facts, "addmm") && !text_among("mat2", cause_argument(facts, mismatch->operand)))
		return false;
	if (cause_is(facts, "linear") && (facts->event->operands[mismatch->against].ndim != 2 ||
					  strcmp(cause_argument(facts, mismatch->operand), "input") != 0))
		return false;
	if (cause_is(facts, "group_norm native_group_norm") && mismatch->actual % mismatch->expected)
		return false;
	out->confidence = "likely";
	text_add(&out->text, "the layer%s%s was built for %" PRId64 " features and is given %" PRId64, module ? " " : "", module ? module : "",
		 mismatch->expected, mismatch->actual);
	step = flattened(&facts->sides[0], sizes, &count);
	if (step) {
		text_add(&out->text, " = ");
		for (int i = 0; i < count; i++)
			text_add(&out->text, "%s%" PRId64, i ? " x " : "", sizes[i]);
		text_add(&out->text, ", flattened by ");
		cause_add_step(facts, &out->text, step);
	}
	if (cause_tell_fewer(facts, &facts->sides[0], mismatch->expected, &clause, &fix) || tell_decider(facts, &clause, &fix))
		text_add(&out->text, ": %s", clause.data);
	out->setting = cause_width_of_path(facts, cause_operand_name(facts, mismatch->against), mismatch->expected);
	if (!out->setting)
		out->setting = cause_named_number(facts, mismatch->expected, "hidden dim width embed features channels size in_");
	if (out->setting)
		text_add(&out->evidence, "%" PRId64 " is %s", mismatch->expected, text_get(out->setting, "name"));
	add_precedent(facts, out, mismatch->expected);
	if (fix.used)
		text_add(&out->fix, "%s", fix.data);
	else if (!step && !before && tell_both(facts, out))
		;
	else if (before && !step && !is_resampled(&facts->sides[0]) && cause_decider(&facts->sides[0])) {
		text_add(&out->fix, "make it %" PRId64 " where it was decided, as in the calls before: ", mismatch->expected);
		cause_add_line(facts, &out->fix, cause_decider(&facts->sides[0]), -1);
	} else if (before)
		text_add(&out->fix, "bring this input to the size that the others had (resize or crop; pool to a fixed size before it is flattened): "
			 "%" PRId64 " features", mismatch->expected);
	else if (!step && cause_tell_loaded_layer(facts, out, SAY("features")))
		;
	else if ((step || cause_step(&facts->sides[0], layers)) && (given = channels_called(facts, mismatch->actual, mismatch->expected)))
		text_add(&out->fix, "build it with %s=%s (%" PRId64 "), or bring the input to %" PRId64 " (see where it was decided)", width_argument(facts),
			 text_get(given, "name"), mismatch->actual, mismatch->expected);
	else if (step || cause_step(&facts->sides[0], layers)) /* two parts of a model: either may be built otherwise */
		text_add(&out->fix, "build it with %s=%" PRId64 ", or bring the input to %" PRId64 " (see where it was decided)", width_argument(facts),
			 mismatch->actual, mismatch->expected);
	else
		text_add(&out->fix, "bring the input to %" PRId64 " (see where its %" PRId64 " was decided); build the layer with %s=%" PRId64 " only if that is what it is meant "
			 "to take", mismatch->expected, mismatch->actual, width_argument(facts), mismatch->actual);
	return true;
}

/* Needs: a convolution whose channels aren't its input's, and the number it takes stands in no other dimension. */
bool
cause_channels(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const char *module = cause_module(facts);
	struct text clause = {{0}, 0};
	const struct operand *input;
	int first;

	if (!cause_disagrees(facts, "size") || !facts->event || strncmp(facts->event->operation, "aten::", 6) != 0 ||
	    !strstr(facts->event->operation, "conv") || mismatch->operand < 0 || mismatch->against < 0 ||
	    !text_among("input self", cause_argument(facts, mismatch->operand)) || strcmp(cause_argument(facts, mismatch->against), "weight") != 0)
		return false;
	input = &facts->event->operands[mismatch->operand];
	first = input->ndim == facts->event->operands[mismatch->against].ndim ? 1 : 0;
	if (mismatch->dim != first)
		return false;
	for (int d = first + 1; d < input->ndim; d++)
		if (input->sizes[d] == mismatch->expected)
			return false;
	out->confidence = "likely";
	text_add(&out->text, "the layer%s%s takes %" PRId64 " channels and is given %" PRId64, module ? " " : "", module ? module : "",
		 mismatch->expected, mismatch->actual);
	if (mismatch->expected == 3 && mismatch->actual == 4) {
		text_add(&out->text, ": a picture with an alpha channel (RGBA)");
		text_add(&out->fix, "convert every picture to three channels when it is read (convert('RGB'), or [:, :3])");
	} else if (mismatch->expected == 3 && mismatch->actual == 1) {
		text_add(&out->text, ": a grey picture");
		text_add(&out->fix, "convert every picture to three channels when it is read (convert('RGB'), or expand the one to three)");
	} else if (mismatch->expected == 1 && mismatch->actual > 1) {
		text_add(&out->text, ": pictures or sound with more than one channel");
		text_add(&out->fix, "convert to one channel when it is read (convert('L'), mean over the channels), or build the layer with in_channels=%"
			 PRId64, mismatch->actual);
	} else if (tell_decider(facts, &clause, &out->fix)) {
		text_add(&out->text, ": %s", clause.data);
	} else if (!tell_both(facts, out) && !cause_tell_loaded_layer(facts, out, SAY("channels"))) {
		text_add(&out->fix, "bring the input to %" PRId64 " channels, or build the layer with in_channels=%" PRId64, mismatch->expected,
			 mismatch->actual);
	}
	add_precedent(facts, out, mismatch->expected);
	return true;
}

/* Needs: a normalisation's own check, and a shape with one value per channel. */
bool
cause_one_sample(const struct cause_facts *facts, struct cause *out)
{
	int64_t sizes[CAUSE_SHAPE_MOST], each = 1;
	int count = cause_message_shape(facts->message, 0, sizes);

	if (!cause_is_raised(facts) || !facts->message || count < 2 || !strstr(facts->message, "when training"))
		return false;
	for (int i = 0; i < count; i++)
		each *= i == 1 ? 1 : sizes[i];
	if (each != 1)
		return false;
	out->confidence = "likely";
	text_add(&out->text, "a batch of one: batch normalisation in training needs more than one value per channel, its input is ");
	text_add_sizes(&out->text, sizes, count);
	text_add(&out->fix, "drop the last batch (DataLoader(drop_last=True)) or choose a batch size that leaves no rest of 1, call model.eval() where "
		 "it isn't trained, or use LayerNorm or GroupNorm");
	return true;
}

static bool
is_sequence(const json_t *local, void *context)
{
	const int64_t *sizes = context; /* one number and the other, where two shapes part */
	int64_t one = cause_local_size(local, 0), other = cause_local_size(local, 1);

	return json_array_size(json_object_get(local, "shape")) == 3 && strstr(text_get(local, "dtype"), "float") &&
	       one != other && ((one == sizes[1] && other == sizes[0]) || (one == sizes[0] && other == sizes[1]));
}

static bool
is_within(const struct cause_facts *facts, const char *path)
{
	return strstr(text_get(json_array_get(facts->frames, 0), "file"), path) != NULL;
}

/* Needs: a check of a recurrent or attention layer's own: two shapes that part in sizes that a local sequence has as its
 * batch and its length. Likely, too, for a hidden state of another
 * batch. */
bool
cause_batch_first(const struct cause_facts *facts, struct cause *out)
{
	int64_t one[CAUSE_SHAPE_MOST], other[CAUSE_SHAPE_MOST], apart[2];
	const char *from = facts->message ? strstr(facts->message, "Expected hidden") : NULL;
	const json_t *sequence = NULL;
	int a, b, dim = -1;

	if (!cause_is_raised(facts) || !facts->message || (!from && !is_within(facts, "/torch/nn/")))
		return false;
	from = from ? strstr(from, " size ") : facts->message; /* past the [0] of "hidden[0]" */
	a = cause_message_shape(from, 0, one);
	b = cause_message_shape(from, 1, other);
	if (a < 2 || a != b)
		return false;
	for (int d = a - 1; d >= 0; d--)
		dim = one[d] != other[d] ? d : dim;
	if (dim < 0)
		return false;
	apart[0] = one[dim];
	apart[1] = other[dim];
	sequence = cause_local(facts, is_sequence, apart);
	if (!sequence && !strstr(facts->message, "Expected hidden"))
		return false;
	if (!sequence) {
		out->confidence = dim + 2 == a ? "likely" : "possible";
		out->setting = cause_named_number(facts, other[dim], "batch bsz");
		text_add(&out->text, "the hidden state is of a batch of %" PRId64 ", this batch has %" PRId64 ": it was made for a fixed size, or kept from an "
			 "earlier batch", other[dim], one[dim]);
		cause_add_number(facts, &out->text, out->setting);
		text_add(&out->fix, "make the hidden state from the batch's own size (x.size(0)), start it anew when the size changes, or drop the last, "
			 "smaller batch (drop_last=True)");
		return true;
	}
	out->confidence = "likely";
	text_add(&out->text, "the layer's check finds ");
	text_add_sizes(&out->text, one, a);
	text_add(&out->text, " against ");
	text_add_sizes(&out->text, other, b);
	text_add(&out->text, ": it takes %s's dimension 1 for the batch where that is dimension 0, or the other way round (batch_first)",
		 text_get(sequence, "name"));
	text_add(&out->fix, "build the layer with batch_first=True if %s is (batch, sequence, features); else give it %s.transpose(0, 1)",
		 text_get(sequence, "name"), text_get(sequence, "name"));
	return true;
}
