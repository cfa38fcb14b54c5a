#include "mismatch.h"

#include <inttypes.h>
#include <string.h>

#include "mismatch_rule.h"
#include "schema/box.h"
#include "../text.h"

struct rule { const char *names; bool (*find)(const struct mismatch_facts *facts, struct mismatch *out); };

#define RULE(function, names) { names, mismatch_##function },
static const struct rule rules[] = {
#include "mismatch_rules.def"
};
#undef RULE

/* Operations that move or describe tensors: their operands may be anywhere. */
static const char moving[] = "copy foreach_copy to to_copy copy_from type_as set set_data detach has_compatible_shallow_copy_type cpu cuda";
/* Operations whose index tensors may stay on the CPU. */
static const char indexing[] = "index index_put index_put_impl unsafe_index unsafe_index_put";
/* Operations whose tensors must all be of one dtype. */
static const char one_dtype[] =
	"matmul mm bmm addmm baddbmm addbmm mv addmv dot vdot inner linear bilinear einsum "
	"conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution convolution_overrideable thnn_conv2d "
	"slow_conv2d_forward mkldnn_convolution cudnn_convolution conv_depthwise2d slow_conv3d convolution_mode "
	"scaled_dot_product_attention scaled_dot_product_flash_attention_for_cpu scaled_dot_product_efficient_attention "
	"scaled_dot_product_flash_attention lstm gru rnn_tanh rnn_relu lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell lerp "
	"grid_sampler grid_sampler_2d grid_sampler_3d cdist tensordot chain_matmul multi_dot";
/* Operations of which one pair of tensors must be of one dtype: operation, then the pair's names. */
static const struct { const char *names, *one, *other; } pairs[] = {
	{ "index_put index_put_impl unsafe_index_put", "self", "values" },
	{ "masked_scatter", "self", "source" },
	{ "index_copy index_add index_reduce", "self", "source" },
	{ "scatter scatter_add scatter_reduce", "self", "src" },
	{ "binary_cross_entropy", "self", "target" },
};
/* Arguments that are indices, masks or lengths: their dtype follows other rules. */
static const char index_names[] = "index indices mask attn_mask target offsets condition batch_sizes lengths";

static bool
same(const char *one, const char *other)
{
	return one && other && strcmp(one, other) == 0;
}

/* The device most tensors are on; the odd one out is to blame, the later one in a tie. */
static bool
find_device(const struct mismatch_facts *facts, const char *name, struct mismatch *out)
{
	const struct event *event = facts->event;
	int first = -1, odd = -1, with_first = 0, with_odd = 0;

	if (text_among(moving, name))
		return false;
	for (int i = 0; i < event->operand_count; i++) {
		const struct operand *is = &event->operands[i];

		if (!same(is->kind, "tensor") || !is->device || (is->flags & BOX_TENSOR_WRAPPED) ||
		    (is->ndim == 0 && strncmp(is->device, "cpu", 3) == 0))
			continue;
		if (text_among(indexing, name) && is->name && strncmp(is->name, "indices", 7) == 0 && same(is->device, "cpu"))
			continue;
		if (first < 0 || same(is->device, event->operands[first].device)) {
			first = first < 0 ? i : first;
			with_first++;
		} else {
			odd = odd < 0 ? i : odd;
			with_odd++;
		}
	}
	if (odd < 0)
		return false;
	/* Parameters tell where the module is; what is on the CPU where others aren't was left behind. */
	if (with_first < with_odd || (with_first == with_odd && same(event->operands[first].device, "cpu") &&
				      !same(event->operands[odd].device, "meta"))) {
		int swap = first;

		first = odd;
		odd = swap;
	}
	return state_names(facts, out, "device", odd, first, event->operands[first].device, event->operands[odd].device);
}

static bool
find_pair_dtype(const struct mismatch_facts *facts, const char *name, struct mismatch *out)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		const struct event *event = facts->event;
		int one, other;

		if (!text_among(pairs[i].names, name))
			continue;
		one = rule_tensor(event, pairs[i].one);
		other = rule_tensor(event, pairs[i].other);
		if (one >= 0 && other >= 0 && event->operands[one].dtype && event->operands[other].dtype &&
		    !same(event->operands[one].dtype, event->operands[other].dtype))
			return state_names(facts, out, "dtype", other, one, event->operands[one].dtype, event->operands[other].dtype);
	}
	return false;
}

/* The message tells two dtypes: the one tensor that has the one, and the first that has the other. */
static bool
find_told_dtype(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	const char *wanted, *got;
	int odd = -1, fits = -1, count = 0;

	if (!rule_told_dtypes(facts->message, &wanted, &got))
		return false;
	for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1)) {
		if (same(event->operands[i].dtype, got)) {
			odd = i;
			count++;
		} else if (fits < 0 && same(event->operands[i].dtype, wanted) && event->operands[i].ndim > 0) {
			fits = i;
		}
	}
	return count == 1 && fits >= 0 && state_names(facts, out, "dtype", odd, fits, wanted, got);
}

static bool
find_dtype(const struct mismatch_facts *facts, const char *name, struct mismatch *out)
{
	const struct event *event = facts->event;
	int self = rule_tensor(event, "self"), weight = rule_tensor(event, "weight"), reference = -1;

	if (find_pair_dtype(facts, name, out))
		return true;
	if (text_among(one_dtype, name)) {
		reference = weight >= 0 ? weight : rule_next(event, 0);
		for (int i = rule_next(event, 0); i >= 0 && reference >= 0; i = rule_next(event, i + 1))
			if (event->operands[i].dtype && !text_among(index_names, event->operands[i].name) &&
			    !same(event->operands[i].dtype, event->operands[reference].dtype))
				return state_names(facts, out, "dtype", i, reference, event->operands[reference].dtype,
						   event->operands[i].dtype);
	}
	if (self >= 0 && mismatch_is_in_place(event->operation) && facts->message && strstr(facts->message, "can't be cast"))
		for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1))
			if (i != self && rule_is_integral(event->operands[self].dtype) && rule_is_floating(event->operands[i].dtype))
				return state_names(facts, out, "dtype", i, self, event->operands[self].dtype, event->operands[i].dtype);
	return find_told_dtype(facts, out);
}

/* A write in place to a leaf that requires grad, or to a view of one. */
static bool
find_leaf(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int self = rule_any(event, "self input out");
	bool says = facts->message && strstr(facts->message, "leaf Variable") && strstr(facts->message, "in-place");
	bool known = facts->knowledge && self >= 0 && facts->knowledge[self].leaf == 1;

	if (self < 0 || !event->grad || !says)
		return false;
	out->property = "leaf";
	out->operand = self;
	out->from_message = !known;
	state_mark(out, self, -1);
	if (strstr(facts->message, "view of a leaf"))
		text_say(out->text, sizeof(out->text), "%s is a view of a leaf that requires grad, written in place", event->operands[self].name);
	else
		text_say(out->text, sizeof(out->text), "%s is a leaf that requires grad, written in place", event->operands[self].name);
	return true;
}

/* A dimension that the tensor doesn't have. */
static bool
find_dim(const struct mismatch_facts *facts, const char *name, struct mismatch *out)
{
	static const char *const arguments[] = { "dim", "dim0", "dim1", "dims", "start_dim", "end_dim", "axis", "dimension" };
	const struct event *event = facts->event;
	int self = rule_any(event, "self input query"), extra = text_among("unsqueeze stack", name) ? 1 : 0;

	if (self < 0)
		self = rule_next(event, 0);
	for (size_t i = 0; self >= 0 && i < sizeof(arguments) / sizeof(*arguments); i++) {
		int64_t dims[RULE_INTS_MOST];
		int count = rule_ints(event, arguments[i], dims, RULE_INTS_MOST), ndim = event->operands[self].ndim + extra;

		for (int d = 0; d < count; d++)
			if (rule_dim(dims[d], ndim ? ndim : 1) < 0) {
				int64_t needed = (dims[d] < 0 ? -dims[d] : dims[d] + 1) - extra;

				state_rank(facts, out, self, rule_place(event, arguments[i]), needed);
				text_say(out->text, sizeof(out->text), "%s %" PRId64 " asks for %" PRId64 " dimensions where %s has %d",
					    arguments[i], dims[d], needed, event->operands[self].name, event->operands[self].ndim);
				return true;
			}
	}
	return false;
}

/* No rule knows: two numbers of the message that are sizes of two operands. */
static bool
find_in_message(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	const char *at = facts->message, *told = at ? strstr(at, "must match the size of tensor b") : NULL; /* then it is these two, and what follows is their dimension */
	const char *end = told ? strstr(told, " at ") : NULL;
	int place[2] = { -1, -1 }, dim[2] = { -1, -1 }, found = 0;
	int64_t sizes[2], number;

	if (at && strstr(at, "not implemented for '")) {
		int first = rule_next(event, 0);

		if (first >= 0 && event->operands[first].dtype) {
			state_names(facts, out, "dtype", first, -1, NULL, event->operands[first].dtype);
			text_say(out->text, sizeof(out->text), "%s is %s, for which this operation does not exist",
				    event->operands[first].name, event->operands[first].dtype);
			return out->from_message = true;
		}
	}
	if (!at || !(strstr(at, "size") || strstr(at, "shape") || strstr(at, "match") || strstr(at, "dimension")))
		return false;
	while (found < 2 && text_number(&at, &number)) {
		if (end && at > end)
			break;
		if (number < 2 || (found && number == sizes[0]))
			continue;
		for (int i = rule_next(event, 0); i >= 0 && place[found] < 0; i = rule_next(event, i + 1))
			for (int d = 0; d < event->operands[i].ndim && place[found] < 0 && i != place[0]; d++)
				if (event->operands[i].sizes[d] == number) {
					place[found] = i;
					dim[found] = d;
				}
		if (place[found] >= 0)
			sizes[found++] = number;
		else if (told)
			break;
	}
	if (found < 2)
		return false;
	state_size(facts, out, place[1], dim[1], place[0], dim[0], sizes[0], sizes[1]);
	return out->from_message = true;
}

bool
mismatch_find(const struct mismatch_facts *facts, struct mismatch *out)
{
	char name[96];

	mismatch_start(out);
	mismatch_plain_name(facts->event->operation, name, sizeof(name));
	if (mismatch_pairs(facts, name, out) || find_leaf(facts, out) || find_device(facts, name, out) || find_dtype(facts, name, out))
		return true;
	if (find_dim(facts, name, out))
		return true;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (text_among(rules[i].names, name)) {
			if (rules[i].find(facts, out))
				return true;
			mismatch_start(out);
			break;
		}
	if (find_in_message(facts, out))
		return true;
	mismatch_start(out);
	return false;
}

json_t *
mismatch_json(const struct mismatch *mismatch, const struct event *event)
{
	json_t *json = json_object();

	text_set(json, "property", mismatch->property);
	text_set(json, "operand", mismatch->operand >= 0 ? event->operands[mismatch->operand].name : NULL);
	text_set(json, "against", mismatch->against >= 0 ? event->operands[mismatch->against].name : NULL);
	text_set_integer(json, "dim", mismatch->dim, -1);
	if (mismatch->expected_name)
		text_set(json, "expected", mismatch->expected_name);
	else
		json_object_set_new(json, "expected", mismatch->has_expected ? json_integer(mismatch->expected) : json_null());
	if (mismatch->actual_name)
		text_set(json, "actual", mismatch->actual_name);
	else
		json_object_set_new(json, "actual", mismatch->has_actual ? json_integer(mismatch->actual) : json_null());
	text_set(json, "text", mismatch->text);
	json_object_set_new(json, "from_message", json_boolean(mismatch->from_message));
	return json;
}
