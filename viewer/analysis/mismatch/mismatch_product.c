/* Rules for operations that multiply, convolve or normalise. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "mismatch_rule.h"
#include "../text.h"

bool
mismatch_linear(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int input = rule_tensor(event, "input"), weight = rule_tensor(event, "weight"), bias = rule_tensor(event, "bias");
	const struct operand *is, *by;

	if (input < 0 || weight < 0)
		return false;
	is = &event->operands[input];
	by = &event->operands[weight];
	if (by->ndim < 1 || by->ndim > 2)
		return state_rank(facts, out, weight, -1, 2);
	if (is->ndim < 1)
		return state_rank(facts, out, input, -1, 1);
	if (is->sizes[is->ndim - 1] != by->sizes[by->ndim - 1])
		return state_size(facts, out, input, is->ndim - 1, weight, by->ndim - 1, by->sizes[by->ndim - 1],
				  is->sizes[is->ndim - 1]);
	if (bias >= 0 && by->ndim == 2 && event->operands[bias].ndim == 1 && event->operands[bias].sizes[0] != by->sizes[0])
		return state_size(facts, out, bias, 0, weight, 0, by->sizes[0], event->operands[bias].sizes[0]);
	return false;
}

bool
mismatch_matmul(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int one = rule_any(event, "mat1 batch1 mat"), other = rule_any(event, "mat2 batch2 vec other tensor"), added = -1;
	const struct operand *a, *b;
	char name[64];
	int da, db, needed;

	mismatch_plain_name(event->operation, name, sizeof(name));
	if (strncmp(name, "add", 3) == 0 || strncmp(name, "badd", 4) == 0)
		added = rule_tensor(event, "self");
	if (one < 0)
		one = rule_tensor(event, "self");
	if (one < 0 || other < 0 || one == other)
		return false;
	a = &event->operands[one];
	b = &event->operands[other];
	needed = text_among("bmm baddbmm addbmm", name) ? 3 : text_among("mm addmm int_mm mv addmv", name) ? 2
		 : text_among("dot vdot", name) ? 1 : 0;
	if (needed && a->ndim != needed)
		return state_rank(facts, out, one, -1, needed);
	if (needed && b->ndim != (text_among("mv addmv", name) ? 1 : needed))
		return state_rank(facts, out, other, -1, text_among("mv addmv", name) ? 1 : needed);
	if (!a->ndim || !b->ndim)
		return state_rank(facts, out, a->ndim ? other : one, -1, 1);
	if (needed == 3 && a->sizes[0] != b->sizes[0])
		return state_size(facts, out, other, 0, one, 0, a->sizes[0], b->sizes[0]);
	da = a->ndim - 1;
	db = b->ndim == 1 || strcmp(name, "inner") == 0 ? b->ndim - 1 : b->ndim - 2;
	if (a->sizes[da] != b->sizes[db])
		return state_size(facts, out, other, db, one, da, a->sizes[da], b->sizes[db]);
	for (int i = 3; i <= a->ndim && i <= b->ndim; i++) {
		int64_t is = b->sizes[b->ndim - i], against = a->sizes[a->ndim - i];

		if (is != against && is != 1 && against != 1)
			return state_size(facts, out, other, b->ndim - i, one, a->ndim - i, against, is);
	}
	if (added >= 0 && b->ndim >= 2 && a->ndim >= 2) {
		const struct operand *c = &event->operands[added];
		int64_t columns = b->sizes[b->ndim - 1], rows = a->sizes[a->ndim - 2];

		if (c->ndim && c->sizes[c->ndim - 1] != columns && c->sizes[c->ndim - 1] != 1)
			return state_size(facts, out, added, c->ndim - 1, other, b->ndim - 1, columns, c->sizes[c->ndim - 1]);
		if (c->ndim > 1 && c->sizes[c->ndim - 2] != rows && c->sizes[c->ndim - 2] != 1)
			return state_size(facts, out, added, c->ndim - 2, one, a->ndim - 2, rows, c->sizes[c->ndim - 2]);
	}
	return false;
}

bool
mismatch_einsum(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int equation = rule_place(event, "equation"), place = rule_next(event, 0);
	struct { int place, dim; int64_t size; } seen[128] = {0};
	const char *at;

	if (equation < 0 || !event->operands[equation].value)
		return false;
	at = event->operands[equation].value;
	at += *at == '"';
	for (int dim = 0; place >= 0 && *at && *at != '"' && !(*at == '-' && at[1] == '>'); at++) {
		const struct operand *is = &event->operands[place];
		unsigned char label = (unsigned char)*at;

		if (*at == '.')
			return false; /* an ellipsis: which dimensions it stands for is not followed */
		if (*at == ',') {
			if (dim != is->ndim)
				return state_rank(facts, out, place, equation, dim);
			place = rule_next(event, place + 1);
			dim = 0;
			continue;
		}
		if (!isalpha(label))
			continue;
		if (dim >= is->ndim)
			return state_rank(facts, out, place, equation, dim + 1);
		if (seen[label].size && seen[label].size != is->sizes[dim] && seen[label].size != 1 && is->sizes[dim] != 1)
			return state_size(facts, out, place, dim, seen[label].place, seen[label].dim, seen[label].size,
					  is->sizes[dim]);
		if (!seen[label].size || seen[label].size == 1) {
			seen[label].place = place;
			seen[label].dim = dim;
			seen[label].size = is->sizes[dim];
		}
		dim++;
	}
	return false;
}

bool
mismatch_convolution(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int input = rule_any(event, "input self"), weight = rule_tensor(event, "weight"), bias = rule_tensor(event, "bias");
	bool transposed = strstr(event->operation, "transpose") || rule_bool(event, "transposed");
	const struct operand *is, *by;
	int64_t groups = 1, channels;
	int first;

	if (input < 0 || weight < 0)
		return false;
	is = &event->operands[input];
	by = &event->operands[weight];
	if (by->ndim < 3 && !strstr(event->operation, "convolution"))
		return state_rank(facts, out, weight, -1, 3);
	if (is->ndim != by->ndim && is->ndim != by->ndim - 1)
		return state_rank(facts, out, input, weight, by->ndim);
	first = is->ndim == by->ndim ? 1 : 0;
	rule_int(event, "groups", &groups);
	if (by->ndim < 2 || is->ndim < 1 + first)
		return false;
	channels = transposed ? by->sizes[0] : by->sizes[1] * groups;
	if (groups > 1 && !transposed && by->sizes[0] % groups) { /* PyTorch asks this first */
		state_numbers(out, "size", weight, rule_place(event, "groups"), 0, groups, by->sizes[0]);
		state_mark(out, input, first);
		text_say(out->text, sizeof(out->text), "%s has %" PRId64 " filters in dimension 0, no multiple of %" PRId64 " groups", by->name, by->sizes[0], groups);
		return true;
	}
	if (is->sizes[first] != channels) {
		state_size(facts, out, input, first, weight, transposed ? 0 : 1, channels, is->sizes[first]);
		return true;
	}
	if (bias >= 0 && event->operands[bias].ndim == 1 &&
	    event->operands[bias].sizes[0] != (transposed ? by->sizes[1] * groups : by->sizes[0]))
		return state_size(facts, out, bias, 0, weight, transposed ? 1 : 0,
				  transposed ? by->sizes[1] * groups : by->sizes[0], event->operands[bias].sizes[0]);
	for (int i = 0; !transposed && i < by->ndim - 2; i++) {
		int64_t padded = is->sizes[first + 1 + i] + 2 * rule_entry(event, "padding", i, 0);
		int64_t kernel = rule_entry(event, "dilation", i, 1) * (by->sizes[2 + i] - 1) + 1;
		int padding = rule_place(event, "padding");

		if (padding >= 0 && event->operands[padding].kind && strcmp(event->operands[padding].kind, "string") == 0)
			break;
		if (padded < kernel) {
			state_size(facts, out, input, first + 1 + i, weight, 2 + i, kernel, padded);
			text_say(out->text, sizeof(out->text), "the kernel spans %" PRId64 " in dimension %d where %s has %" PRId64
				    " with its padding", kernel, first + 1 + i, is->name, padded);
			return true;
		}
	}
	return false;
}

bool
mismatch_pool(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int input = rule_any(event, "self input");
	char name[64];
	int spatial;

	if (input < 0)
		return false;
	mismatch_plain_name(event->operation, name, sizeof(name));
	spatial = strstr(name, "1d") ? 1 : strstr(name, "2d") ? 2 : 3;
	if (event->operands[input].ndim != spatial + 1 && event->operands[input].ndim != spatial + 2)
		return state_rank(facts, out, input, -1, spatial + 2);
	for (int i = 0; i < spatial; i++) {
		int dim = event->operands[input].ndim - spatial + i;
		int64_t padded = event->operands[input].sizes[dim] + 2 * rule_entry(event, "padding", i, 0);
		int64_t kernel = rule_entry(event, "dilation", i, 1) * (rule_entry(event, "kernel_size", i, 1) - 1) + 1;

		if (padded < kernel)
			return state_size(facts, out, input, dim, rule_place(event, "kernel_size"), -1, kernel, padded);
	}
	return false;
}

/* What is mirrored must be there: reflection takes up to one less than the size from each end, a circle no more than the size. */
bool
mismatch_pad(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int input = rule_any(event, "self input"), mode = rule_place(event, "mode");
	int64_t pads[RULE_INTS_MOST];
	const char *how = mode >= 0 && event->operands[mode].value ? event->operands[mode].value : "";
	const char *name = rule_place(event, "pad") >= 0 ? "pad" : "padding";
	int count = rule_ints(event, name, pads, RULE_INTS_MOST);
	bool circle = strstr(how, "circular") || strstr(event->operation, "circular");

	if (input < 0 || count < 2 || (!circle && !strstr(how, "reflect") && !strstr(event->operation, "reflection")))
		return false;
	for (int i = 0; i < count; i++) {
		int dim = event->operands[input].ndim - 1 - i / 2;

		if (dim >= 0 && pads[i] > event->operands[input].sizes[dim] - !circle)
			return state_size(facts, out, input, dim, rule_place(event, name), -1, pads[i] + !circle, event->operands[input].sizes[dim]);
	}
	return false;
}

bool
mismatch_attention(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int q = rule_tensor(event, "query"), k = rule_tensor(event, "key"), v = rule_tensor(event, "value");
	int mask = rule_tensor(event, "attn_mask");
	const struct operand *a, *b, *c;

	if (q < 0 || k < 0 || v < 0)
		return false;
	a = &event->operands[q];
	b = &event->operands[k];
	c = &event->operands[v];
	if (a->ndim < 2 || b->ndim != a->ndim || c->ndim != a->ndim)
		return a->ndim < 2 ? state_rank(facts, out, q, -1, 2) : state_rank(facts, out, b->ndim != a->ndim ? k : v, q, a->ndim);
	if (b->sizes[b->ndim - 1] != a->sizes[a->ndim - 1])
		return state_size(facts, out, k, b->ndim - 1, q, a->ndim - 1, a->sizes[a->ndim - 1], b->sizes[b->ndim - 1]);
	if (c->sizes[c->ndim - 2] != b->sizes[b->ndim - 2])
		return state_size(facts, out, v, c->ndim - 2, k, b->ndim - 2, b->sizes[b->ndim - 2], c->sizes[c->ndim - 2]);
	for (int i = a->ndim - 3; i >= 0; i--) {
		bool grouped = i == a->ndim - 3 && rule_bool(event, "enable_gqa") && b->sizes[i] && a->sizes[i] % b->sizes[i] == 0;

		if (b->sizes[i] != a->sizes[i] && b->sizes[i] != 1 && a->sizes[i] != 1 && !grouped)
			return state_size(facts, out, k, i, q, i, a->sizes[i], b->sizes[i]);
		if (c->sizes[i] != b->sizes[i] && c->sizes[i] != 1 && b->sizes[i] != 1)
			return state_size(facts, out, v, i, k, i, b->sizes[i], c->sizes[i]);
	}
	if (mask >= 0) {
		const struct operand *m = &event->operands[mask];

		for (int i = 1; i <= m->ndim && i <= a->ndim; i++) {
			int against = i == 1 ? k : q, dim = i == 1 ? b->ndim - 2 : a->ndim - i;
			int64_t expected = event->operands[against].sizes[dim], is = m->sizes[m->ndim - i];

			if (is != expected && is != 1)
				return state_size(facts, out, mask, m->ndim - i, against, dim, expected, is);
		}
		if (rule_is_floating(m->dtype) && a->dtype && strcmp(m->dtype, a->dtype) != 0)
			return state_names(facts, out, "dtype", mask, q, a->dtype, m->dtype);
	}
	return false;
}

bool
mismatch_layer_norm(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int input = rule_any(event, "input self"), weight = rule_tensor(event, "weight");
	int64_t sizes[RULE_INTS_MOST];
	int count = rule_ints(event, "normalized_shape", sizes, RULE_INTS_MOST);
	const struct operand *is;

	if (input < 0 || count < 1)
		return false;
	is = &event->operands[input];
	if (is->ndim < count)
		return state_rank(facts, out, input, rule_place(event, "normalized_shape"), count);
	for (int i = 1; i <= count; i++)
		if (is->sizes[is->ndim - i] != sizes[count - i])
			return state_size(facts, out, input, is->ndim - i, rule_place(event, "normalized_shape"), -1, sizes[count - i],
					  is->sizes[is->ndim - i]);
	for (int i = 1; weight >= 0 && i <= count && i <= event->operands[weight].ndim; i++) {
		const struct operand *by = &event->operands[weight];

		if (by->sizes[by->ndim - i] != sizes[count - i])
			return state_size(facts, out, weight, by->ndim - i, rule_place(event, "normalized_shape"), -1, sizes[count - i],
					  by->sizes[by->ndim - i]);
	}
	return false;
}

bool
mismatch_channel_norm(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int input = rule_any(event, "input self"), other = rule_any(event, "running_mean weight bias");
	const struct operand *is;
	int64_t groups;

	if (input < 0)
		return false;
	is = &event->operands[input];
	if (is->ndim < 2)
		return state_rank(facts, out, input, -1, 2);
	if (rule_int(event, "num_groups", &groups) && groups > 0 && is->sizes[1] % groups) {
		state_numbers(out, "size", input, rule_place(event, "num_groups"), 1, groups, is->sizes[1]);
		text_say(out->text, sizeof(out->text), "%s has %" PRId64 " channels, no multiple of %" PRId64 " groups", is->name,
			    is->sizes[1], groups);
		return true;
	}
	if (other >= 0 && event->operands[other].ndim == 1 && event->operands[other].sizes[0] != is->sizes[1])
		return state_size(facts, out, input, 1, other, 0, event->operands[other].sizes[0], is->sizes[1]);
	return false;
}
