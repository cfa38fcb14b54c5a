/* A rule about a check that holds a tensor's size to a setting. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/operand.h"
#include "../../where.h"

/* What a check asks for: the tensor's size RELATION the setting. */
struct held {
	const json_t *setting;
	const char *name;     /* what the check calls that */
	const char *relation; /* < <= > >= == */
	const struct condition_value *sized;
	int64_t set;
};

/* An attribute, an item, a constant, or what a file or the command line sets: nothing that was just measured. */
static bool
is_setting(const struct cause_facts *facts, const char *name, int64_t value)
{
	bool lower = false;

	for (const char *at = name; *at; at++)
		lower = lower || islower((unsigned char)*at);
	return *name && strncmp(name, "len(", 4) != 0 && !strstr(name, "shape[") && (!lower || strpbrk(name, ".[") || settings_find(facts->settings, name, value));
}

/* Is VALUE, which the check calls NAME, a setting? */
static bool
is_set(const struct cause_facts *facts, const struct condition_value *value, const char *name, struct held *out)
{
	const char *given = *value->given ? value->given : name;

	if (value->kind != CONDITION_NUMBER || value->tensor || value->mask || !is_setting(facts, given, value->number))
		return false;
	out->setting = cause_number_named(facts, given, &value->number);
	out->name = name;
	out->set = value->number;
	return out->setting != NULL;
}

static bool
is_sized(const struct cause_facts *facts, const struct condition_value *value)
{
	const struct cause_side *side = &facts->sides[0];

	return value->kind == CONDITION_NUMBER && value->tensor && !value->mask && !value->rank && value->dim >= 0 && side->place >= 0 && side->dim == value->dim &&
	       side->size == value->number && facts->event->operands[side->place].tensor == json_integer_value(json_object_get(value->tensor, "tensor"));
}

/* What must hold between the size and the setting, where the check's OPERATOR is written for them in this order or the other and failed; NULL. */
static const char *
relation(const char *operator, bool turned, int64_t size, int64_t set)
{
	static const struct { const char *operator, *turned, *otherwise; } relations[] = {
		{ "<", ">", ">=" }, { "<=", ">=", ">" }, { ">", "<", "<=" }, { ">=", "<=", "<" }, { "==", "==", "==" }, { "!=", "!=", "==" },
	};

	for (size_t i = 0; i < sizeof(relations) / sizeof(*relations); i++) {
		const char *is = turned ? relations[i].turned : relations[i].operator;
		bool holds = size < set ? text_among("< <= !=", is) : size > set ? text_among("> >= !=", is) : text_among("<= >= ==", is);

		if (strcmp(relations[i].operator, operator) != 0)
			continue;
		for (size_t n = 0; holds && n < sizeof(relations) / sizeof(*relations); n++) /* it was raised for it: the contrary is wanted */
			if (strcmp(relations[n].operator, is) == 0)
				return relations[n].otherwise;
		return is;
	}
	return NULL;
}

static bool
find_held(const struct cause_facts *facts, struct held *out)
{
	const struct condition *condition = facts->condition;

	if (!condition || !condition->operator || !cause_is_raised(facts) || !cause_disagrees(facts, "size") || facts->sides[1].place >= 0)
		return false;
	if (is_sized(facts, &condition->one) && is_set(facts, &condition->other, condition->right, out))
		out->sized = &condition->one;
	else if (is_sized(facts, &condition->other) && is_set(facts, &condition->one, condition->left, out))
		out->sized = &condition->other;
	else
		return false;
	out->relation = relation(condition->operator, out->sized == &condition->other, out->sized->number, out->set);
	return out->relation != NULL;
}

/* How large what STEPS' UNTIL made would have to be for WANTED to come out at the failure, by the windows that were moved over it; -1 where others changed it, too. */
static int64_t
needed_at(const struct lineage *lineage, int until, int64_t wanted)
{
	for (int i = 0; i < until && wanted > 0; i++) {
		struct cause_window window;

		if (lineage->steps[i].size == lineage->steps[i + 1].size)
			continue;
		if (!cause_window(&lineage->steps[i], &window) || window.over != lineage->steps[i + 1].size)
			return -1;
		wanted = (wanted - 1) * window.stride + window.extent - 2 * window.padding;
	}
	return wanted;
}

/* "; the 96 is dimension 1 of input_values": the variable nearest to who decided. */
static void
add_variable(const struct cause_facts *facts, struct text *text, const struct lineage *lineage)
{
	for (int i = lineage->decider; i > 0; i--) {
		const json_t *local = lineage->steps[i].tensor > 0 ? operand_local(facts->frames, lineage->steps[i].tensor) : NULL;

		if (!local || !*text_get(local, "name") || cause_local_size(local, (size_t)lineage->steps[i].dim) != lineage->steps[lineage->decider].size)
			continue;
		text_add(text, "; the %" PRId64 " is dimension %d of %s", lineage->steps[lineage->decider].size, lineage->steps[i].dim, text_get(local, "name"));
		return;
	}
}

static void
add_fix(const struct held *held, const struct lineage *lineage, struct text *fix)
{
	bool more = *held->relation == '>', less = *held->relation == '<';
	int64_t size = held->sized->number, strict = (more || less) && !held->relation[1];
	int64_t wanted = held->set + (more ? strict : less ? -strict : 0), allowed = size + (more ? -strict : less ? strict : 0);
	int64_t there = lineage && lineage->decider > 0 ? needed_at(lineage, lineage->decider, wanted) : -1;
	const char *setting = text_get(held->setting, "name");

	if (more && there > 0 && there != wanted)
		text_add(fix, "let what comes in be %" PRId64 " or more there instead of %" PRId64 ", so that this is %" PRId64 " or more (pad it, or leave out what is shorter)",
			 there, lineage->steps[lineage->decider].size, wanted);
	else if (more)
		text_add(fix, "let it be %" PRId64 " or more (pad what comes in, or leave out what is shorter)", wanted);
	else if (less)
		text_add(fix, "let it be %" PRId64 " or less (cut what comes in, or leave out what is longer)", wanted);
	else
		text_add(fix, "let it be %" PRId64 " where it is made", wanted);
	if (more)
		text_add(fix, ", or set %s to %" PRId64 " or less", setting, allowed);
	else if (less)
		text_add(fix, ", or set %s to %" PRId64 " or more", setting, allowed);
	else
		text_add(fix, ", or set %s to %" PRId64, setting, allowed);
}

/* Needs: a comparison of Python's that failed, of a tensor's size with a number that is a setting, as the source of the failing frame and of its
 * callers tells, and that no rule about limits tells better. Likely where the size is new on its way, or the program's own line decided it. */
bool
cause_held_to_setting(const struct cause_facts *facts, struct cause *out)
{
	const struct lineage_step *step = cause_decider(&facts->sides[0]);
	struct cause limit = { .confidence = NULL };
	struct held held;

	if (!find_held(facts, &held) || (cause_told_limit(facts, &limit) && strcmp(limit.confidence, "likely") == 0))
		return false;
	out->setting = held.setting;
	out->tells_news = true;
	out->confidence = step && !step->possible && facts->source && where_is_own(facts->source, facts->process, step->event.site) ? "likely" : "possible";
	text_add(&out->text, "%s has %" PRId64 " in dimension %d, which the check holds to %s", cause_operand_name(facts, facts->sides[0].place), held.sized->number,
		 held.sized->dim, held.name);
	if (strcmp(held.name, text_get(held.setting, "name")) != 0)
		text_add(&out->text, ", that is %s", text_get(held.setting, "name"));
	text_add(&out->text, " = %" PRId64 "; ", held.set);
	if (cause_tell_new(facts, &out->text, &facts->sides[0])) {
		out->confidence = "likely";
		add_variable(facts, &out->text, facts->sides[0].lineage);
	} else if (step) {
		text_add(&out->text, "it was decided by ");
		cause_add_line(facts, &out->text, step, step->size);
		add_variable(facts, &out->text, facts->sides[0].lineage);
	} else {
		text_add(&out->text, "by whom it was decided, isn't known");
	}
	add_fix(&held, facts->sides[0].lineage, &out->fix);
	return true;
}
