#include "causes_tool.h"
#include "placeholders/placeholders.h"
#include "code/reckoned.h"

#include <inttypes.h>
#include <string.h>

struct rule { const char *id; bool (*holds)(const struct cause_facts *facts, struct cause *out); };

#define CAUSE(id, function) { id, cause_##function },
static const struct rule rules[] = {
#include "causes.def"
};
#undef CAUSE

#define CAUSE(id, function)
#define OVERRULED(id, by) { id, by },
static const struct { const char *id, *by; } overruled[] = {
#include "causes.def"
};
#undef CAUSE

static bool
has_rule(const json_t *causes, const char *id)
{
	const json_t *cause;
	size_t i;

	json_array_foreach(causes, i, cause) {
		if (strcmp(text_get(cause, "rule"), id) == 0)
			return true;
	}
	return false;
}

/* Does BY hold already, in list N of certain, likely and possible? NULL is any rule, "" any that isn't just possible. */
static bool
has_any(json_t *const *lists, int n, const char *by)
{
	if (!by || !*by)
		return json_array_size(lists[n]) > 0 && (!by || n < 2);
	return has_rule(lists[n], by);
}

/* Does a rule hold already, in one of the COUNT lists, that leaves ID nothing to say? */
static bool
is_overruled(const char *id, json_t *const *lists, int count)
{
	for (size_t i = 0; i < sizeof overruled / sizeof *overruled; i++)
		for (int n = 0; n < count && strcmp(overruled[i].id, id) == 0; n++)
			if (has_any(lists, n, overruled[i].by))
				return true;
	return false;
}

static int
rank_of(const char *confidence)
{
	return strcmp(confidence, "certain") == 0 ? 0 : strcmp(confidence, "likely") == 0 ? 1 : 2;
}

/* Where its value was set is another question than where it was seen. */
static void
set_place(const struct cause_facts *facts, const struct cause *cause, json_t *setting)
{
	const char *name = text_get(cause->setting, "name");
	int64_t value = json_integer_value(json_object_get(cause->setting, "value"));
	const struct setting *found = settings_find(facts->settings, name, value);
	struct text text = {{0}, 0};

	text_set(setting, "file", found && found->file >= 0 ? facts->settings->files[found->file] : NULL);
	text_set_integer(setting, "line", found && found->file >= 0 ? found->line : -1, -1);
	if (found && found->file < 0)
		text_add(&text, "%s %" PRId64 " on the command line", found->key, found->value);
	text_set(setting, "source", text.used ? text.data : NULL);
}

static json_t *
evidence_json(const struct text *text, int64_t event)
{
	json_t *item = json_object();

	text_set_integer(item, "event", event, -1);
	text_set(item, "text", text->data);
	return item;
}

static json_t *
cause_json(const struct cause_facts *facts, const char *id, const struct cause *cause)
{
	json_t *json = json_object(), *evidence = json_array();

	text_set(json, "rule", id);
	text_set(json, "confidence", cause->confidence);
	text_set(json, "text", cause->text.data);
	if (cause->evidence.used)
		json_array_append_new(evidence, evidence_json(&cause->evidence, cause_is_raised(facts) ? -1 : facts->event->id));
	if (cause->reckoned.used)
		json_array_append_new(evidence, evidence_json(&cause->reckoned, -1));
	json_object_set_new(json, "evidence", evidence);
	text_set(json, "fix", cause->fix.used ? cause->fix.data : NULL);
	if (cause->setting) {
		json_t *setting = json_object();

		text_set(setting, "name", settings_name(facts->settings, text_get(cause->setting, "name"), json_integer_value(json_object_get(cause->setting, "value"))));
		json_object_set(setting, "value", json_object_get(cause->setting, "value"));
		set_place(facts, cause, setting);
		json_object_set_new(json, "setting", setting);
	} else {
		json_object_set_new(json, "setting", json_null());
	}
	return json;
}

/* How CAUSE's setting is reckoned from others, or else the size of a side: SIDES, the same for all causes, once it was LOOKED for. */
static void
add_reckoned(const struct cause_facts *facts, struct cause *cause, struct text *sides, bool *looked)
{
	if (reckoned_setting(facts, cause->setting, &cause->reckoned))
		return;
	if (!*looked)
		reckoned_sides(facts, sides);
	*looked = true;
	cause->reckoned = *sides;
}

json_t *
causes_build(const struct cause_facts *known)
{
	json_t *lists[3] = { json_array(), json_array(), json_array() }; /* certain, likely, possible */
	json_t *places = placeholders_of_wide_mask(known);
	struct cause_facts asked = *known, *facts = &asked;
	struct text sides = {{0}, 0};
	bool looked = false;

	facts->places = places ? places : known->places;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		struct cause cause = { .confidence = NULL };

		if (is_overruled(rules[i].id, lists, 3) || !rules[i].holds(facts, &cause))
			continue;
		cause_add_went_off(facts, &cause);
		cause_add_began(facts, &cause);
		add_reckoned(facts, &cause, &sides, &looked);
		json_array_append_new(lists[rank_of(cause.confidence)], cause_json(facts, rules[i].id, &cause));
	}
	json_decref(places);
	for (int i = 1; i < 3; i++) {
		json_array_extend(lists[0], lists[i]);
		json_decref(lists[i]);
	}
	return lists[0];
}
