/* Rules about forms: missing dimensions, dimensions at the wrong place, sizes that don't divide, empty parameters. */
#include <inttypes.h>
#include <string.h>

#include "causes.h"
#include "mismatch_rule.h"

/* Needs: a parameter without elements, or flat where its operation wants it in two dimensions or more. */
bool
cause_partitioned(const struct cause_facts *facts, struct cause *out)
{
	static const char wants[] = "linear embedding conv1d conv2d conv3d convolution addmm mm bmm matmul t";
	char name[64];

	if (!facts->event)
		return false;
	mismatch_plain_name(facts->event->operation, name, sizeof(name));
	if (!text_among(wants, name))
		return false;
	for (int i = 0; i < facts->event->operand_count; i++) {
		const struct operand *is = &facts->event->operands[i];

		if (!is->name || !text_among("weight mat2", is->name) || is->ndim != 1)
			continue;
		if (is->sizes[0] == 0 || (text_among("linear embedding", name) && facts->mismatch && text_among("rank size", facts->mismatch->property))) {
			out->confidence = is->sizes[0] == 0 ? "likely" : "possible";
			text_add(&out->text, is->sizes[0] == 0 ? "%s is empty (size [0]): this process holds no part of it at this moment"
				 : "%s is flat: a parameter that is sharded and not put together at this moment", is->name);
			text_add(&out->fix, "use it inside the module's own forward, or gather it first (deepspeed.zero.GatheredParameters, "
				 "FSDP.summon_full_params); a part of the model that is called by itself must be wrapped, too");
			return true;
		}
	}
	return false;
}

/* Needs: property rank. */
bool
cause_rank(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;

	if (!cause_disagrees(facts, "rank") || !mismatch->has_actual || !mismatch->has_expected)
		return false;
	out->confidence = "likely";
	text_add(&out->text, "%s", mismatch->text);
	if (mismatch->actual < mismatch->expected)
		text_add(&out->fix, "a dimension was squeezed or selected away (a batch of one?): keep it, or unsqueeze %s where it is missing",
			 cause_operand_name(facts, mismatch->operand));
	else
		text_add(&out->fix, "%s has a dimension too many: flatten, squeeze or select it before", cause_operand_name(facts, mismatch->operand));
	return true;
}

/* Sizes of the view that one dimension of the input is split into; how many, 0 if it isn't that. */
static int
split_sizes(const struct cause_facts *facts, int64_t *whole, int64_t *parts, int room)
{
	const struct mismatch *mismatch = facts->mismatch;
	int64_t sizes[RULE_INTS_MOST];
	const struct operand *input;
	int count, first = 0, last = 0;

	if (!cause_disagrees(facts, "numel") || mismatch->operand < 0 || mismatch->against < 0)
		return 0;
	input = &facts->event->operands[mismatch->against];
	count = rule_ints(facts->event, cause_operand_name(facts, mismatch->operand), sizes, RULE_INTS_MOST);
	while (first < input->ndim && first < count && sizes[first] == input->sizes[first])
		first++;
	while (last < input->ndim - first && last < count - first && sizes[count - 1 - last] == input->sizes[input->ndim - 1 - last])
		last++;
	if (input->ndim - first - last != 1 || count - first - last < 2 || count - first - last > room)
		return 0;
	*whole = input->sizes[first];
	memcpy(parts, sizes + first, (size_t)(count - first - last) * sizeof(*parts));
	return count - first - last;
}

bool
cause_is_split(const struct cause_facts *facts)
{
	int64_t whole, parts[4];

	return split_sizes(facts, &whole, parts, 4) > 0;
}

/* Needs: one dimension viewed as several whose product isn't it. */
bool
cause_split(const struct cause_facts *facts, struct cause *out)
{
	int64_t whole, parts[4], product = 1;
	int count = split_sizes(facts, &whole, parts, 4), frame = -1;
	bool free = false;

	if (!count)
		return false;
	for (int i = 0; i < count; i++) {
		free = free || parts[i] == -1;
		if (parts[i] != -1 && __builtin_mul_overflow(product, parts[i], &product))
			return false;
	}
	if (product <= 0)
		return false;
	out->confidence = "likely";
	if (free)
		text_add(&out->text, "%" PRId64 " is no multiple of %" PRId64 ": it leaves %" PRId64, whole, product, whole % product);
	else
		text_add(&out->text, "%" PRId64 " is not ", whole);
	for (int i = 0; i < count && !free; i++)
		text_add(&out->text, "%s%" PRId64, i ? " x " : "", parts[i]);
	if (!free)
		text_add(&out->text, " = %" PRId64, product);
	out->setting = cause_named_number(facts, product, &frame);
	out->setting_frame = frame;
	text_add(&out->fix, free ? "bring it to a multiple of %" PRId64 " (pad, resize or crop before it is cut into patches, windows or heads)"
		 : "make the parts multiply to the size that arrives (heads x head_dim = width; with fewer key/value heads, use their number)",
		 product);
	return true;
}

/* Needs: the size that is wanted, once, in another dimension of the same tensor. */
bool
cause_elsewhere(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct operand *is;
	int found = -1, times = 0;
	char name[64];

	if (!cause_disagrees(facts, "size") || mismatch->operand < 0 || mismatch->dim < 0 || mismatch->expected < 2)
		return false;
	is = &facts->event->operands[mismatch->operand];
	mismatch_plain_name(facts->event->operation, name, sizeof(name));
	if (is->item >= 0 || text_among("matmul mm bmm addmm baddbmm", name))
		return false;
	for (int d = 0; d < is->ndim; d++)
		if (d != mismatch->dim && is->sizes[d] == mismatch->expected) {
			found = d;
			times++;
		}
	if (times != 1)
		return false;
	out->confidence = "possible";
	text_add(&out->text, "the %" PRId64 " that is wanted in dimension %d of %s stands in its dimension %d: dimensions are at the wrong place",
		 mismatch->expected, mismatch->dim, is->name, found);
	text_add(&out->fix, "transpose(%d, %d) or permute it (channels first, batch first)", mismatch->dim, found);
	return true;
}

/* Needs: logits and labels of a loss that differ in number. */
bool
cause_logits(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;

	if (!cause_disagrees(facts, "size") || !strstr(facts->event->operation, "loss") || mismatch->operand < 0 ||
	    strcmp(cause_operand_name(facts, mismatch->operand), "target") != 0)
		return false;
	out->confidence = "likely";
	text_add(&out->text, "logits and labels differ in number: %" PRId64 " labels for %" PRId64 " rows of logits", mismatch->actual,
		 mismatch->expected);
	text_add(&out->fix, "shift and flatten both alike (logits[:, :-1] with labels[:, 1:]), and extend the labels where features were put "
		 "into the sequence");
	return true;
}
