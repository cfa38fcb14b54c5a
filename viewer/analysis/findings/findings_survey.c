#include "findings_survey.h"

#include <stdlib.h>
#include <string.h>

#include "findings_walk.h"
#include "schema/box.h"
#include "../text.h"

struct survey_site *
walk_site(struct findings_survey *survey, enum survey_kind kind, const struct event *event)
{
	struct survey_site *site = survey->sites;

	for (; site < survey->sites + survey->count; site++)
		if (site->kind == kind && site->site == event->site && strcmp(site->operation, event->operation) == 0)
			return site;
	if (survey->count == SURVEY_SITES_MOST)
		return NULL;
	survey->count++;
	*site = (struct survey_site){ .kind = kind, .site = event->site, .event = -1, .first_step = event->step, .last_step = event->step };
	text_format(site->operation, sizeof site->operation, "%s", event->operation);
	return site;
}

static void
keep_operand(struct survey_site *site, int place, const struct operand *operand)
{
	site->ndim[place] = operand->ndim < SURVEY_DIMS ? operand->ndim : SURVEY_DIMS;
	for (int i = 0; i < site->ndim[place]; i++)
		site->sizes[place][i] = operand->sizes[i];
}

void
walk_count(struct survey_site *site, const struct event *event, bool odd, const struct operand *one, const struct operand *other)
{
	site->calls++;
	site->odd += odd;
	site->first_step = event->step < site->first_step ? event->step : site->first_step;
	if (site->event >= 0 || (!odd && site->kind != SURVEY_LOOKUP && site->kind != SURVEY_CAST))
		return;
	site->event = event->id;
	keep_operand(site, 0, one);
	if (other)
		keep_operand(site, 1, other);
}

bool
walk_is_plain(const struct operand *operand)
{
	return strcmp(operand->kind, "tensor") == 0 && operand->ndim >= 0;
}

int64_t
walk_elements(const struct operand *operand)
{
	int64_t product = 1;

	for (int i = 0; i < operand->ndim; i++)
		if (__builtin_mul_overflow(product, operand->sizes[i], &product))
			return INT64_MAX;
	return product;
}

/* torch.nn.functional's elementwise losses broadcast both operands first, in Python. */
static bool
loss_of(const struct walk *walk, int64_t id, char *name, size_t size)
{
	struct site site;

	if (id < 0 || !walk->source->site(walk->source->context, walk->process, id, &site))
		return false;
	for (int i = 0; i < site.frame_count && i < 3; i++) {
		const char *file = site.frames[i].file, *end = strstr(file, "torch/nn/functional.py");

		if (end && text_among("mse_loss l1_loss smooth_l1_loss huber_loss", site.frames[i].function)) {
			text_format(name, size, "%s", site.frames[i].function);
			return true;
		}
	}
	return false;
}

static void
see_broadcast(const struct walk *walk, const struct event *event)
{
	char loss[32];
	const struct operand *pair = event->operands;
	struct survey_site *site;

	if (event->operand_count != 2 || event->output_count < 1 || !walk_is_plain(&pair[0]) || !walk_is_plain(&pair[1]) ||
	    !walk_is_plain(&event->outputs[0]) || !loss_of(walk, event->site, loss, sizeof loss))
		return;
	site = walk_site(walk->survey, SURVEY_LOSS, event);
	if (!site)
		return;
	text_format(site->function, sizeof site->function, "%s", loss);
	walk_count(site, event, walk_elements(&event->outputs[0]) > walk_elements(&pair[0]) && walk_elements(&event->outputs[0]) > walk_elements(&pair[1]), &pair[0],
	      &pair[1]);
}

static bool
was_used(const struct used *used, int64_t tensor)
{
	for (int i = 0; i < USED_MOST; i++)
		if (tensor > 0 && used->tensors[i] == tensor)
			return true;
	return false;
}

static void
use(struct used *used, int64_t tensor)
{
	used->tensors[used->next++ % USED_MOST] = tensor;
}

/* (prediction - target).pow(2).mean(), from its end: what was averaged, was squared, was a difference of [n, 1] and [n], of which one
 * side alone takes part in autograd. Differences of all pairs have both sides from one tensor. */
static void
see_difference(struct walk *walk, const struct event *event, const char *name)
{
	const struct operand *pair = event->operands;
	struct survey_site *site;

	if (event->operand_count < 1 || event->output_count < 1 || !walk_is_plain(&pair[0]) || !walk_is_plain(&event->outputs[0]))
		return;
	if (text_among("mean sum", name))
		use(&walk->averaged, pair[0].tensor);
	else if (text_among("pow square abs", name) && was_used(&walk->averaged, event->outputs[0].tensor))
		use(&walk->bent, pair[0].tensor);
	if (!text_among("sub rsub", name) || !was_used(&walk->bent, event->outputs[0].tensor) || event->operand_count < 2 || !walk_is_plain(&pair[1]) ||
	    ((pair[0].flags ^ pair[1].flags) & BOX_TENSOR_GRAD) == 0 || pair[0].ndim + pair[1].ndim != 3)
		return;
	site = walk_site(walk->survey, SURVEY_LOSS, event);
	if (site)
		walk_count(site, event, walk_elements(&event->outputs[0]) > walk_elements(&pair[0]) && walk_elements(&event->outputs[0]) > walk_elements(&pair[1]) &&
				   walk_elements(&pair[0]) == walk_elements(&pair[1]), &pair[0], &pair[1]);
}

static void
see_scatter(const struct walk *walk, const struct event *event)
{
	const struct operand *index = rule_operand(event, "index"), *source = rule_operand(event, "src");
	struct survey_site *site;
	bool smaller = false;

	if (!index || !source || !walk_is_plain(index) || !walk_is_plain(source) || index->ndim != source->ndim || walk_elements(index) == 0)
		return;
	for (int i = 0; i < index->ndim; i++)
		smaller = smaller || index->sizes[i] < source->sizes[i];
	site = walk_site(walk->survey, SURVEY_SCATTER, event);
	if (site)
		walk_count(site, event, smaller, index, source);
}

static void
see_select(const struct walk *walk, const struct event *event)
{
	const struct operand *from = event->operand_count ? &event->operands[0] : NULL, *mask = NULL;
	struct survey_site *site;

	for (int i = 1; i < event->operand_count && !mask; i++)
		if (walk_is_plain(&event->operands[i]) && strcmp(event->operands[i].dtype, "bool") == 0)
			mask = &event->operands[i];
	if (!mask || !walk_is_plain(from) || !(from->flags & BOX_TENSOR_GRAD) || walk_elements(from) == 0 || event->output_count < 1 || !walk_is_plain(&event->outputs[0]))
		return;
	site = walk_site(walk->survey, SURVEY_SELECT, event);
	if (site)
		walk_count(site, event, walk_elements(&event->outputs[0]) == 0, from, mask);
}

static void
see_lookup(const struct walk *walk, const struct event *event)
{
	const struct operand *weight = rule_operand(event, "weight"), *indices = rule_operand(event, "indices");
	struct survey_site *site;

	if (!weight || !indices || !walk_is_plain(weight) || !walk_is_plain(indices) || indices->ndim < 1)
		return;
	site = walk_site(walk->survey, SURVEY_LOOKUP, event);
	if (site)
		walk_count(site, event, false, weight, indices);
}

void
findings_survey_follow(struct findings_survey *survey, int64_t tensor)
{
	if (survey->use_count < SURVEY_TENSORS_MOST && !findings_survey_use(survey, tensor))
		survey->uses[survey->use_count++] = (struct survey_use){ .tensor = tensor, .event = -1, .site = -1 };
}

const struct survey_use *
findings_survey_use(const struct findings_survey *survey, int64_t tensor)
{
	for (int i = 0; i < survey->use_count; i++)
		if (survey->uses[i].tensor == tensor)
			return &survey->uses[i];
	return NULL;
}

int64_t
findings_survey_steps(const struct findings_survey *survey)
{
	int64_t first = survey->first_step > 0 ? survey->first_step + 1 : 1;

	return survey->last_step > first ? survey->last_step - first : 0;
}

static void
see_uses(struct findings_survey *survey, const struct event *event)
{
	if (event->step < 1 || !text_among("forward eval", event->phase))
		return;
	for (int i = 0; i < event->operand_count; i++)
		for (int n = 0; n < survey->use_count && event->operands[i].tensor > 0; n++) {
			struct survey_use *use = &survey->uses[n];

			if (use->tensor != event->operands[i].tensor)
				continue;
			use->calls++;
			use->steps += use->calls == 1 || event->step != use->oldest;
			use->oldest = event->step;
			use->with_grad += event->grad;
			if (use->event >= 0)
				continue;
			use->event = event->id;
			use->site = event->site;
			text_format(use->operation, sizeof use->operation, "%s", event->operation);
		}
}

static bool
see(const struct event *event, void *context)
{
	struct walk *walk = context;
	struct findings_survey *survey = walk->survey;
	const char *name = event->operation;

	survey->first_step = survey->events && survey->first_step < event->step ? survey->first_step : event->step;
	survey->last_step = survey->events && survey->last_step > event->step ? survey->last_step : event->step;
	survey->events++;
	if (survey->use_count)
		see_uses(survey, event);
	if (strncmp(name, "aten::", 6) != 0)
		return true;
	name += 6;
	walk_places(walk, event, name);
	if (strcmp(event->status, "ok") != 0)
		return true;
	walk_sizes(walk, event, name);
	if (strcmp(name, "broadcast_tensors") == 0)
		see_broadcast(walk, event);
	else if (text_among("scatter scatter_ scatter_add scatter_add_ scatter_reduce scatter_reduce_", name))
		see_scatter(walk, event);
	else if (text_among("index masked_select", name))
		see_select(walk, event);
	else if (strcmp(name, "embedding") == 0)
		see_lookup(walk, event);
	else
		see_difference(walk, event, name);
	return true;
}

void
findings_survey(struct findings_survey *out, const struct source *source, int process)
{
	struct walk walk = { .survey = out, .source = source, .process = process };

	source->each_recent(source->context, process, FINDINGS_EVENTS_MOST, see, &walk);
}
