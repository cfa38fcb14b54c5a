#include "diff_divergence.h"

#include <stdlib.h>
#include <string.h>

/* --- small searches among one member's operations ------------------------------------------------------------------ */

struct search { const struct member *member; struct brief found; bool any; uint64_t control; int64_t event, occurrence, count; };

static bool
keep_newest(const struct brief *brief, void *context)
{
	struct search *search = context;

	if (brief->id > search->member->end)
		return false;
	search->found = *brief;
	search->any = true;
	return true;
}

bool
member_last(const struct member *member, struct brief *out)
{
	struct search search = { .member = member };

	for (int64_t i = member->block_count - 1; i >= 0 && !search.any; i--)
		if (member->blocks[i].stream == 0 && member->blocks[i].first <= member->end)
			trace_each_brief(member->trace, member->process, member->blocks[i].thread, member->blocks[i].first,
					 member->blocks[i].last, keep_newest, &search);
	*out = search.found;
	return search.any;
}

static bool
keep_collective(const struct brief *brief, void *context)
{
	struct search *search = context;

	if (brief->id > search->member->end)
		return false;
	search->any = brief->collective != 0;
	search->found = *brief;
	return !search->any;
}

bool
member_next_collective(const struct member *member, int64_t first, struct brief *out)
{
	struct search search = { .member = member };

	for (int64_t i = 0; i < member->block_count && !search.any; i++)
		if (member->blocks[i].stream == 0 && member->blocks[i].last >= first && member->blocks[i].collectives)
			trace_each_brief(member->trace, member->process, member->blocks[i].thread,
					 member->blocks[i].first > first ? member->blocks[i].first : first, member->blocks[i].last,
					 keep_collective, &search);
	*out = search.found;
	return search.any;
}

int64_t
member_collectives_before(const struct member *member, int64_t event)
{
	int64_t count = 0;

	for (int64_t i = 0; i < member->block_count; i++)
		if (member->blocks[i].stream == 0 && member->blocks[i].last < event)
			count += member->blocks[i].collectives;
	for (int64_t i = 0; i < member->block_count; i++) {
		int64_t first = member->blocks[i].first;
		struct brief brief;

		if (member->blocks[i].stream != 0 || first >= event || member->blocks[i].last < event)
			continue;
		while (first < event && member_next_collective(member, first, &brief) && brief.id < event) {
			count++;
			first = brief.id + 1;
		}
	}
	return count;
}

static bool
keep_occurrence(const struct brief *brief, void *context)
{
	struct search *search = context;

	if (brief->control != search->control)
		return true;
	search->any = search->event >= 0 ? brief->id == search->event : search->count == search->occurrence;
	search->found = *brief;
	search->count++;
	return !search->any;
}

/* Which occurrence EVENT is in its step; or, with EVENT -1, the event that is OCCURRENCE. */
static bool
occurrence_find(struct search *search, int64_t step)
{
	for (int64_t i = 0; i < search->member->block_count && !search->any; i++)
		if (search->member->blocks[i].stream == 0 && search->member->blocks[i].step == step)
			trace_each_brief(search->member->trace, search->member->process, search->member->blocks[i].thread,
					 search->member->blocks[i].first, search->member->blocks[i].last, keep_occurrence, search);
	return search->any;
}

static bool
keep_one(const struct brief *brief, void *context)
{
	struct search *search = context;

	search->found = *brief;
	search->any = brief->id == search->event;
	return false;
}

int64_t
member_same_operation(const struct member *member, int64_t event, const struct member *other, int64_t step)
{
	struct search search = { .member = member, .event = event }, same = { .member = other, .event = -1 };

	trace_each_brief(member->trace, member->process, member->block_count ? member->blocks[0].thread : 0, event, event, keep_one,
			 &search);
	if (!search.any)
		return -1;
	search = (struct search){ .member = member, .event = event, .control = search.found.control };
	if (!occurrence_find(&search, step))
		return -1;
	same.control = search.control;
	same.occurrence = search.count - 1;
	return occurrence_find(&same, step) ? same.found.id : -1;
}

/* --- the object ------------------------------------------------------------------------------------------------------ */

/* What two calls of one operation have in different ways: the first operand whose WHAT differs. */
static void
difference_text(const struct member *one, int64_t event, const struct member *other, int64_t other_event, struct text *text,
		const char **kind)
{
	struct event a, b;

	if (!trace_event(one->trace, one->process, event, &a) || !trace_event(other->trace, other->process, other_event, &b))
		return;
	for (int i = 0; i < a.operand_count && i < b.operand_count; i++) {
		const struct operand *x = &a.operands[i], *y = &b.operands[i];

		if (strcmp(x->kind, "tensor") != 0 || strcmp(y->kind, "tensor") != 0) {
			if (strcmp(x->name, y->name) == 0 && x->value && y->value && strcmp(x->value, y->value) != 0) {
				text_add(text, ": %s is %.60s, not %.60s", x->name, x->value, y->value);
				return;
			}
			continue;
		}
		if (strcmp(x->dtype, y->dtype) != 0) {
			*kind = "dtype";
			text_add(text, ": %s is %s, not %s", x->name, x->dtype, y->dtype);
			return;
		}
		if (x->ndim != y->ndim || (x->ndim > 0 && memcmp(x->sizes, y->sizes, (size_t)x->ndim * sizeof *x->sizes) != 0)) {
			text_add(text, ": %s is ", x->name);
			text_add_sizes(text, x->sizes, x->ndim < 0 ? 0 : x->ndim);
			text_add(text, ", not ");
			text_add_sizes(text, y->sizes, y->ndim < 0 ? 0 : y->ndim);
			return;
		}
	}
	if (a.operand_count != b.operand_count) {
		text_add(text, ": %d operands, not %d", a.operand_count, b.operand_count);
		return;
	}
	/* Then it is the devices: their types, or whose they are. */
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < a.operand_count; i++) {
			const char *x = a.operands[i].device, *y = b.operands[i].device;

			if (!x || !y || (pass == 0 && strncmp(x, y, strcspn(x, ":")) == 0) || (pass == 1 && !strchr(x, ':')))
				continue;
			*kind = "device";
			if (pass == 0)
				text_add(text, ": %s is on %s, not on %s", a.operands[i].name, x, y);
			else
				text_add(text, ": %s is on %s, and rank %d's local rank is %d; on rank %d, whose local rank is %d, it is on %s",
					 a.operands[i].name, x, one->rank, one->info->local_rank, other->rank, other->info->local_rank, y);
			return;
		}
}

/* Do the sides accumulate gradients for different numbers of tensors in this step? */
static bool
gradients_differ(const struct member *one, const struct member *other, int64_t step, int64_t *a, int64_t *b)
{
	const struct member *const sides[] = { one, other };
	int64_t counts[2] = { 0, 0 };

	for (int i = 0; i < 2; i++) {
		int64_t first = -1, last = -1;

		for (int64_t n = 0; n < sides[i]->block_count; n++)
			if (sides[i]->blocks[n].stream == 0 && sides[i]->blocks[n].step == step) {
				first = first < 0 ? sides[i]->blocks[n].first : first;
				last = sides[i]->blocks[n].last;
			}
		if (first < 0)
			return false;
		counts[i] = trace_gradients(sides[i]->trace, sides[i]->process, first, last);
	}
	*a = counts[0];
	*b = counts[1];
	return counts[0] != counts[1] && counts[0] > 0 && counts[1] > 0;
}

/* How many parameters the optimizers of MEMBER update, by its newest look at them; -1: it was not looked at. */
static int64_t
optimizer_tensors(const struct member *member)
{
	const struct note *notes;
	int count = trace_notes(member->trace, member->process, "state", &notes);
	const json_t *tensors = count > 0 ? json_object_get(notes[count - 1].json, "optimizer_tensors") : NULL;

	return json_is_integer(tensors) ? json_integer_value(tensors) : -1;
}

/* Do both go on in the optimizer, with different numbers of parameters? */
static bool
optimizers_differ(const struct brief *at, const struct brief *other, const struct member *one, const struct member *two, int64_t *a, int64_t *b)
{
	if (at->phase != BRIEF_OPTIMIZER || other->phase != BRIEF_OPTIMIZER)
		return false;
	*a = optimizer_tensors(one);
	*b = optimizer_tensors(two);
	return *a >= 0 && *b >= 0 && *a != *b;
}

/* The loaders that a member's newest look at its program has told of; borrowed. */
static const json_t *
loaders_of(const struct member *member)
{
	const struct note *notes;
	int count = trace_notes(member->trace, member->process, "state", &notes);

	return count > 0 ? json_object_get(notes[count - 1].json, "loaders") : NULL;
}

/* A loader of both that has another number of batches: one rank ends its epoch before the other. */
static void
loaders_text(const struct member *one, const struct member *other, struct text *text)
{
	const json_t *a, *b, *others = loaders_of(other);
	size_t i, n;

	json_array_foreach(loaders_of(one), i, a)
		json_array_foreach(others, n, b) {
			int64_t size = json_integer_value(json_object_get(a, "batch_size"));
			int64_t here = json_integer_value(json_object_get(a, "samples")), there = json_integer_value(json_object_get(b, "samples"));

			if (strcmp(text_get(a, "name"), text_get(b, "name")) != 0 || here == there || size < 1 ||
			    size != json_integer_value(json_object_get(b, "batch_size")))
				continue;
			text_add(text, "; %s has %lld samples on rank %d, and %lld on rank %d", text_get(a, "name"), (long long)here, one->rank,
				 (long long)there, other->rank);
			return;
		}
}

void
divergence_add_lost(const struct members *members, int one, int other, struct text *text)
{
	const int both[] = { one, other };

	for (int i = 0; i < 2; i++)
		if (members->list[both[i]].lost)
			text_add(text, "; rank %d lost %lld operations at unknown places, so this may be one of them",
				 members->list[both[i]].rank, (long long)members->list[both[i]].lost);
}

json_t *
divergence_of_parting(struct members *members, const struct groups *groups, const struct parting *parting)
{
	int *ranks = calloc((size_t)members->count * 2 + 2, sizeof *ranks), *against;
	const struct meeting *meeting = &parting->meeting;
	bool turned = groups->list[members->list[parting->left].group].count < groups->list[members->list[parting->right].group].count;
	int a = turned ? parting->left : parting->right, b = turned ? parting->right : parting->left;
	const struct brief *at = turned ? &meeting->left : &meeting->right, *other = turned ? &meeting->right : &meeting->left;
	bool has_a = turned ? meeting->has_left : meeting->has_right, has_b = turned ? meeting->has_right : meeting->has_left;
	const char *kind = meeting->kind == MEET_COLLECTIVE ? "collective" : meeting->kind == MEET_KINDS ? "shape" : "control";
	struct text text = { { 0 }, 0 };
	int rank_count, against_count;
	int64_t x = 0, y = 0;
	json_t *json;

	if (!ranks)
		return json_null();
	against = ranks + members->count + 1;
	rank_count = side_ranks(members, a, ranks);
	against_count = side_ranks(members, b, against);
	side_name(members, a, ranks, rank_count, &text);
	if (meeting->kind == MEET_CONTROL) {
		text_add(&text, "%s", rank_count == 1 || members->list[a].step >= 0 ? SAY(" goes on with ") : SAY(" go on with "));
		if (has_a)
			side_text(&members->list[a], at->id, &text);
		else
			text_add(&text, "the next step");
		text_add(&text, " where ");
		side_name(members, b, against, against_count, &text);
		text_add(&text, "%s", against_count == 1 || members->list[b].step >= 0 ? SAY(" runs ") : SAY(" run "));
		if (has_b)
			side_text(&members->list[b], other->id, &text);
		else
			text_add(&text, "the next step");
		if (has_a && has_b && at->collective && other->collective)
			kind = "collective";
		if (has_a && has_b && optimizers_differ(at, other, &members->list[a], &members->list[b], &x, &y)) {
			kind = "parameter";
			text_add(&text, "; the optimizer has %lld parameters there, and %lld here", (long long)x, (long long)y);
		} else if (has_a && has_b && (at->phase == BRIEF_BACKWARD || at->phase == BRIEF_OPTIMIZER ||
					      other->phase == BRIEF_BACKWARD || other->phase == BRIEF_OPTIMIZER) &&
			   gradients_differ(&members->list[a], &members->list[b], meeting->step, &x, &y)) {
			kind = "parameter";
			text_add(&text, "; gradients were accumulated for %lld parameters there, and for %lld here", (long long)x,
				 (long long)y);
		}
		if (!members->two_runs && members->list[a].step < 0)
			loaders_text(&members->list[a], &members->list[b], &text);
	} else {
		text_add(&text, " %s ", rank_count == 1 ? SAY("calls") : SAY("call"));
		side_text(&members->list[a], at->id, &text);
		text_add(&text, " otherwise than ");
		side_name(members, b, against, against_count, &text);
		difference_text(&members->list[a], at->id, &members->list[b], other->id, &text, &kind);
		if (meeting->kind == MEET_COLLECTIVE)
			kind = "collective";
	}
	if (members->list[a].step < 0)
		text_add(&text, ", at step %lld", (long long)meeting->step);
	divergence_add_lost(members, a, b, &text);
	json = side_divergence(kind, members->list[a].step < 0 ? meeting->step : -1, ranks, rank_count, against, against_count,
			       has_a ? side_json(&members->list[a], at->id) : json_null(),
			       has_b ? side_json(&members->list[b], other->id) : json_null(), text.data);
	if (meeting->has_led) {
		json_t *led = json_object();

		json_object_set_new(led, "a", side_json(&members->list[a], turned ? meeting->left_led.id : meeting->right_led.id));
		json_object_set_new(led, "b", side_json(&members->list[b], turned ? meeting->right_led.id : meeting->left_led.id));
		json_object_set_new(json, "before", led);
	}
	if (at->collective || other->collective)
		json_object_set_new(json, "collective", json_integer(member_collectives_before(&members->list[a], has_a ? at->id : INT64_MAX)));
	free(ranks);
	return json;
}

/* The tensor of EVENT at place SLOT: inputs, then outputs. */
static const struct operand *
tensor_at(const struct event *event, int slot)
{
	for (int i = 0; i < event->operand_count + event->output_count; i++) {
		const struct operand *operand = i < event->operand_count ? &event->operands[i] : &event->outputs[i - event->operand_count];

		if (strcmp(operand->kind, "tensor") == 0 && slot-- == 0)
			return operand;
	}
	return NULL;
}

json_t *
divergence_of_sizes(struct members *members, struct member *const *compared, int count, const struct size_difference *difference)
{
	const struct member *one = compared[difference->member], *other = compared[difference->other];
	const struct operand *operand = NULL;
	struct text text = { { 0 }, 0 };
	int64_t there = -1, step = difference->step;
	int against[2], against_count = 0;
	const char *kind = "shape";
	struct event event;
	json_t *json;

	if (one == other)
		other = compared[difference->member ? 0 : count > 1];
	there = one->step >= 0 ? difference->other_event : member_same_operation(one, difference->event, other, step);
	if (there < 0 && other == compared[difference->other])
		there = difference->other_event;
	if (trace_event(one->trace, one->process, difference->event, &event))
		operand = tensor_at(&event, difference->slot);
	if (difference->persistent && !members->two_runs && one->step < 0)
		kind = "parameter";
	against[against_count++] = other->rank;
	side_name(members, (int)(one - members->list), &one->rank, 1, &text);
	text_add(&text, " has ");
	if (difference->dim >= 0)
		text_add(&text, "%lld in dimension %d of %s", (long long)difference->size, difference->dim,
			 operand ? operand->name : SAY("an operand"));
	else
		text_add(&text, "another number of tensors or dimensions");
	text_add(&text, " of ");
	side_text(one, difference->event, &text);
	if (difference->dim >= 0)
		text_add(&text, ", where it %s %lld%s", difference->persistent ? SAY("is") : SAY("had always been"), (long long)difference->usual,
			 difference->persistent ? SAY(" elsewhere") : SAY(" and still is elsewhere"));
	if (one->step < 0)
		text_add(&text, ", at step %lld", (long long)step);
	json = side_divergence(kind, one->step < 0 ? step : -1, &one->rank, 1, against, against_count,
			       side_json(one, difference->event), side_json(other, there), text.data);
	if (difference->same_as > 1)
		json_object_set_new(json, "same_as", json_integer(difference->same_as));
	return json;
}
