#include "findings_walk.h"

#include <string.h>

#include "schema/box.h"
#include "../text.h"

static bool
is_half(const struct operand *operand)
{
	return text_among("float16 bfloat16", operand->dtype);
}

/* A layer's multiplication in forward: its result's dtype tells whether autocast was on. */
static void
see_cast(const struct walk *walk, const struct event *event)
{
	const struct operand *weight = rule_operand(event, "weight"), *input = event->operands;
	struct survey_site *site;

	if (!event->grad || strcmp(event->phase, "forward") != 0 || !weight || !walk_is_plain(weight) || !walk_is_plain(input) ||
	    event->output_count < 1 || !walk_is_plain(&event->outputs[0]) || strcmp(weight->dtype, "float32") != 0 || !(weight->flags & BOX_TENSOR_GRAD))
		return;
	site = walk_site(walk->survey, SURVEY_CAST, event);
	if (site)
		walk_count(site, event, is_half(&event->outputs[0]), input, weight);
}

/* Are all integers of a list's JSON text VALUE? */
static bool
are_all(const struct operand *list, int64_t value)
{
	const char *at = list && list->value ? list->value : "";
	int64_t number;
	int count = 0;

	for (; text_number(&at, &number); count++)
		if (number != value)
			return false;
	return count > 0;
}

/* A convolution of pictures by a window that moves by its own size, without padding: patches. */
static void
see_patches(const struct walk *walk, const struct event *event)
{
	const struct operand *weight = rule_operand(event, "weight"), *input = event->operands;
	int64_t window;
	struct survey_site *site;
	bool rest = false;

	if (!weight || !walk_is_plain(weight) || !walk_is_plain(input) || weight->ndim != 4 || input->ndim != 4 || weight->sizes[2] != weight->sizes[3])
		return;
	window = weight->sizes[2];
	if (!are_all(rule_operand(event, "stride"), window) || !are_all(rule_operand(event, "padding"), 0))
		return;
	site = walk_site(walk->survey, SURVEY_PATCH, event);
	if (!site)
		return;
	for (int i = 2; i < 4; i++)
		rest = rest || input->sizes[i] % window != 0;
	site->other = window;
	walk_count(site, event, rest, input, weight);
}

static void
see_norm(const struct walk *walk, const struct event *event)
{
	const struct operand *input = event->operands, *training = rule_operand(event, "training");
	struct survey_site *site;

	if (!walk_is_plain(input) || input->ndim != 2 || !training || !training->value || strcmp(training->value, "true") != 0)
		return;
	site = walk_site(walk->survey, SURVEY_NORM, event);
	if (site)
		walk_count(site, event, input->sizes[0] == walk->survey->batch, input, NULL);
}

/* [B, rest] to [B / k, k, rest]. */
static void
see_split(const struct walk *walk, const struct event *event)
{
	const struct operand *from = event->operands, *to = event->outputs;
	int64_t batch = walk->survey->batch;
	struct survey_site *site;

	if (event->output_count < 1 || !walk_is_plain(from) || !walk_is_plain(to) || from->ndim < 1 || to->ndim != from->ndim + 1 ||
	    from->sizes[0] < 2 || to->sizes[0] < 2 || to->sizes[1] < 2 || to->sizes[0] * to->sizes[1] != from->sizes[0])
		return;
	for (int i = 1; i < from->ndim; i++)
		if (from->sizes[i] != to->sizes[i + 1])
			return;
	site = walk_site(walk->survey, SURVEY_SPLIT, event);
	if (!site)
		return;
	site->other = to->sizes[1];
	walk_count(site, event, from->sizes[0] == batch, from, to);
}

/* The first two tensors of an elementwise operation, a loss, or a product of batches, one of which is the same in each step. */
static void
see_held(const struct walk *walk, const struct event *event)
{
	const struct operand *one = &event->operands[0], *other = &event->operands[1];
	struct survey_site *site;

	if (event->operand_count < 2 || !walk_is_plain(one) || !walk_is_plain(other) || one->ndim < 1 || other->ndim < 1 ||
	    one->sizes[0] != walk->survey->batch || other->sizes[0] != walk->survey->batch || one->tensor < 1 || other->tensor < 1 ||
	    (!strstr(event->operation, "loss") && one->ndim != other->ndim))
		return;
	site = walk_site(walk->survey, SURVEY_HELD, event);
	if (!site)
		return;
	if (site->calls == 0) {
		site->other = one->tensor;
		site->beside = other->tensor;
	}
	walk_count(site, event, site->calls > 0 && (site->other == one->tensor) != (site->beside == other->tensor), one, other);
}

void
walk_sizes(struct walk *walk, const struct event *event, const char *name)
{
	if (event->operand_count < 1)
		return;
	if (text_among("linear conv1d conv2d conv3d", name))
		see_cast(walk, event);
	if (strcmp(name, "conv2d") == 0)
		see_patches(walk, event);
	if (walk->survey->batch < 2 || strcmp(event->phase, "forward") != 0)
		return;
	if (strcmp(name, "batch_norm") == 0)
		see_norm(walk, event);
	else if (text_among("view reshape unflatten", name))
		see_split(walk, event);
	else if (text_among("add add_ sub mul mul_ div cross_entropy_loss nll_loss nll_loss_nd mse_loss l1_loss smooth_l1_loss "
			    "binary_cross_entropy_with_logits bmm", name))
		see_held(walk, event);
}
