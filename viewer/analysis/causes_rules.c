/* The rules of causes.def. Each states its confidence, its text and what to change. */
#include <inttypes.h>
#include <string.h>

#include "causes.h"
#include "mismatch_rule.h"

static bool
disagrees(const struct cause_facts *facts, const char *property)
{
	return facts->event && facts->mismatch && strcmp(facts->mismatch->property, property) == 0;
}

static const char *
operand_name(const struct cause_facts *facts, int place)
{
	return place >= 0 && place < facts->event->operand_count ? facts->event->operands[place].name : "the operand";
}

static bool
is_parameter(const char *name)
{
	return text_among("weight bias running_mean running_var", name);
}

/* Needs: property leaf, which PyTorch itself confirms. */
bool
cause_leaf(const struct cause_facts *facts, struct cause *out)
{
	if (!disagrees(facts, "leaf"))
		return false;
	out->confidence = "certain";
	text_add(&out->text, "%s writes into a leaf that requires grad (or a view of one), which autograd forbids", facts->event->operation);
	text_add(&out->fix, "clone the leaf before writing, build the result out of place (torch.where, index_copy, masked_scatter), "
		 "or write under torch.no_grad() if no gradient is wanted");
	return true;
}

/* Needs: property device. */
bool
cause_device(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;

	if (!disagrees(facts, "device"))
		return false;
	out->confidence = "likely";
	if (is_parameter(operand_name(facts, mismatch->operand))) {
		text_add(&out->text, "the module's parameters were left on %s while its input is on %s", mismatch->actual_name,
			 mismatch->expected_name);
		text_add(&out->fix, "move the module: module.to('%s'), after it is attached to its parent", mismatch->expected_name);
	} else {
		text_add(&out->text, "%s was left on %s while the rest is on %s", operand_name(facts, mismatch->operand),
			 mismatch->actual_name, mismatch->expected_name);
		text_add(&out->fix, "move it where it is made: .to('%s')", mismatch->expected_name);
	}
	text_add(&out->evidence, "%s", mismatch->text);
	return true;
}

/* Needs: property dtype with both names. */
bool
cause_dtype(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;

	if (!disagrees(facts, "dtype") || !mismatch->expected_name || !mismatch->actual_name)
		return false;
	out->confidence = mismatch->against >= 0 ? "likely" : "possible";
	text_add(&out->text, "%s meets %s: nothing in this operation converts one to the other", mismatch->actual_name,
		 mismatch->expected_name);
	text_add(&out->fix, "convert %s to %s before the call, load or cast the whole module in one dtype, or run it under autocast",
		 operand_name(facts, mismatch->operand), mismatch->expected_name);
	text_add(&out->evidence, "%s", mismatch->text);
	return true;
}

/* What is known of placeholders against features: from an operation, or from a check that a model does in Python. */
struct placeholders { int64_t selected, supplied, length, rows /* sequences in the batch */; };

static int64_t
number_after(const char *text, const char *word)
{
	const char *at = text ? strstr(text, word) : NULL;
	int64_t number;

	return at && text_number(&at, &number) ? number : -1;
}

/* The longest integer or bool tensor of two dimensions among the locals: the token sequence. */
static int64_t
sequence_length(const json_t *frames, int64_t *rows)
{
	int64_t longest = -1;

	for (size_t f = 0; f < json_array_size(frames); f++) {
		const json_t *locals = json_object_get(json_array_get(frames, f), "locals");

		for (size_t i = 0; i < json_array_size(locals); i++) {
			const json_t *local = json_array_get(locals, i), *shape = json_object_get(local, "shape");
			int64_t size = json_integer_value(json_array_get(shape, 1));

			if (json_array_size(shape) == 2 && text_among("int64 int32 bool", text_get(local, "dtype")) && size > longest) {
				longest = size;
				*rows = json_integer_value(json_array_get(shape, 0));
			}
		}
	}
	return longest;
}

static bool
find_placeholders(const struct cause_facts *facts, struct placeholders *out)
{
	const struct mismatch *mismatch = facts->mismatch;

	*out = (struct placeholders){ -1, -1, -1, 1 };
	out->length = sequence_length(facts->frames, &out->rows);
	if (disagrees(facts, "count") && mismatch->has_expected && mismatch->has_actual) {
		const struct operand *mask = mismatch->against >= 0 ? &facts->event->operands[mismatch->against] : NULL;

		out->selected = mismatch->expected;
		out->supplied = mismatch->actual;
		if (mask && mask->ndim >= 2) {
			out->length = mask->sizes[1];
			out->rows = mask->sizes[0];
		}
		return true;
	}
	if (facts->event || !facts->message || !strstr(facts->message, "token") || !strstr(facts->message, "features"))
		return false;
	out->selected = number_after(facts->message, "tokens:");
	out->supplied = number_after(facts->message, ", features");
	return out->selected >= 0 && out->supplied >= 0 && out->selected != out->supplied;
}

/* Needs: a mask that selects nothing, and rows to put there. */
bool
cause_no_placeholder(const struct cause_facts *facts, struct cause *out)
{
	struct placeholders found;

	if (!find_placeholders(facts, &found) || found.selected != 0 || found.supplied == 0)
		return false;
	out->confidence = "certain";
	text_add(&out->text, "the batch holds no placeholder at all, yet %" PRId64 " rows of features", found.supplied);
	text_add(&out->fix, "check that the prompt template inserts the placeholder token for every image, that the processor and the "
		 "tokenizer are of one version, and that a length limit has not cut it away");
	return true;
}

/* Needs: fewer places than features, in a sequence whose length is a named limit. */
bool
cause_placeholders_cut(const struct cause_facts *facts, struct cause *out)
{
	struct placeholders found;
	int64_t missing, least;
	int frame = -1;

	if (!find_placeholders(facts, &found) || found.selected <= 0 || found.selected >= found.supplied)
		return false;
	missing = found.supplied - found.selected;
	least = found.rows > 1 ? (missing + found.rows - 1) / found.rows : missing; /* every sequence may have been cut */
	out->setting = found.length > 0 ? cause_named_number(facts, found.length, &frame) : NULL;
	out->setting_frame = frame;
	out->confidence = out->setting ? "likely" : "possible";
	text_add(&out->text, "placeholder tokens were cut by a length limit: %" PRId64 " places for %" PRId64 " rows of features, %" PRId64
		 " too few", found.selected, found.supplied, missing);
	if (out->setting)
		text_add(&out->evidence, "the sequence is %" PRId64 " long, which is %s", found.length, text_get(out->setting, "name"));
	text_add(&out->fix, "raise %s by %s%" PRId64, out->setting ? text_get(out->setting, "name") : "the length limit",
		 least == missing ? "at least " : "", least);
	if (least != missing)
		text_add(&out->fix, " to %" PRId64, missing);
	if (out->setting)
		text_add(&out->fix, " (to %" PRId64 " or more)", found.length + missing);
	text_add(&out->fix, ", use fewer or smaller images, or drop the sample");
	return true;
}

/* Needs: more places than features. */
bool
cause_placeholders_differ(const struct cause_facts *facts, struct cause *out)
{
	struct placeholders found;

	if (!find_placeholders(facts, &found) || found.selected <= found.supplied)
		return false;
	out->confidence = "possible";
	text_add(&out->text, "there are %" PRId64 " placeholders for %" PRId64 " rows of features, %" PRId64 " too many", found.selected,
		 found.supplied, found.selected - found.supplied);
	text_add(&out->fix, "check that every image named in the text is given, and that processor and tokenizer are of one version");
	return true;
}

/* Needs: a list joined along one dimension whose tensors disagree in another. */
bool
cause_ragged(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	char name[64];
	int same = 0, all = 0;

	if (!disagrees(facts, "size") || mismatch->operand < 0 || facts->event->operands[mismatch->operand].item < 0)
		return false;
	mismatch_plain_name(facts->event->operation, name, sizeof(name));
	if (!text_among("cat concat concatenate stack hstack vstack dstack", name))
		return false;
	for (int i = rule_next(facts->event, 0); i >= 0; i = rule_next(facts->event, i + 1)) {
		const struct operand *is = &facts->event->operands[i];

		if (is->item < 0 || is->ndim <= mismatch->dim)
			continue;
		all++;
		same += is->sizes[mismatch->dim] == mismatch->expected;
	}
	out->confidence = facts->twins || all >= 3 ? "likely" : "possible";
	text_add(&out->text, "samples of unequal length are joined: number %d has %" PRId64 " in dimension %d where %d of %d have %" PRId64,
		 facts->event->operands[mismatch->operand].item, mismatch->actual, mismatch->dim, same, all, mismatch->expected);
	text_add(&out->fix, "pad dimension %d to the longest (torch.nn.utils.rnn.pad_sequence), or sample every item to the same count",
		 mismatch->dim);
	if (facts->twins)
		text_add(&out->evidence, "they come from the same lines of code with different sizes");
	return true;
}

/* Needs: property index; certain where the largest index is known. */
bool
cause_index(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	bool embedding;

	if (!disagrees(facts, "index"))
		return false;
	embedding = strstr(facts->event->operation, "embedding") != NULL;
	out->confidence = mismatch->has_actual ? "certain" : "likely";
	text_add(&out->text, "%s", mismatch->text);
	if (embedding)
		text_add(&out->fix, "resize the table (resize_token_embeddings) after tokens were added, or keep the ids below %" PRId64,
			 mismatch->expected);
	else
		text_add(&out->fix, "keep the values below %" PRId64 "; check padding values, labels and offsets", mismatch->expected);
	return true;
}

/* Needs: a view that the strides forbid while the elements fit. */
bool
cause_stride(const struct cause_facts *facts, struct cause *out)
{
	if (!disagrees(facts, "stride"))
		return false;
	out->confidence = "certain";
	text_add(&out->text, "%s was transposed, expanded or sliced: its elements fit, its layout doesn't allow a view",
		 operand_name(facts, facts->mismatch->operand));
	text_add(&out->fix, "use reshape, or call contiguous() before view");
	return true;
}

/* Needs: property numel. */
bool
cause_numel(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;

	if (!disagrees(facts, "numel"))
		return false;
	out->confidence = "likely";
	text_add(&out->text, "%s", mismatch->text);
	if (mismatch->actual > 0 && mismatch->expected % mismatch->actual)
		text_add(&out->evidence, "%" PRId64 " / %" PRId64 " leaves %" PRId64, mismatch->expected, mismatch->actual,
			 mismatch->expected % mismatch->actual);
	text_add(&out->fix, "derive the sizes of the view from the tensor's own shape; the size that changed is told under lineage");
	return true;
}

static bool
is_product(const struct cause_facts *facts)
{
	char name[64];

	if (!disagrees(facts, "size") || facts->mismatch->operand < 0 || facts->mismatch->against < 0)
		return false;
	mismatch_plain_name(facts->event->operation, name, sizeof(name));
	return text_among("matmul mm bmm addmm baddbmm linear", name);
}

/* Needs: the other of the last two dimensions is the one that would fit. */
bool
cause_transposed(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct operand *is;
	int other;

	if (!is_product(facts) || strstr(facts->event->operation, "linear"))
		return false;
	is = &facts->event->operands[mismatch->operand];
	other = is->ndim - 1;
	if (is->ndim < 2 || mismatch->dim != is->ndim - 2 || is->sizes[other] != mismatch->expected || mismatch->expected < 2)
		return false;
	out->confidence = "possible";
	text_add(&out->text, "%s looks transposed: its dimension %d has the %" PRId64 " that is needed in dimension %d", is->name, other,
		 mismatch->expected, mismatch->dim);
	text_add(&out->fix, "multiply by its transpose (.transpose(-1, -2))");
	return true;
}

/* Needs: a layer whose width isn't that of its input. */
bool
cause_width(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;

	if (!is_product(facts) || !strstr(facts->event->operation, "linear") ||
	    strcmp(operand_name(facts, mismatch->operand), "input") != 0)
		return false;
	out->confidence = "likely";
	text_add(&out->text, "the layer was built for %" PRId64 " features and is given %" PRId64, mismatch->expected, mismatch->actual);
	text_add(&out->fix, "build it with in_features=%" PRId64 ", or bring the input to %" PRId64 " (see where it was decided)",
		 mismatch->actual, mismatch->expected);
	return true;
}
