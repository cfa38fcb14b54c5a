#include "causes.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define COMMON_NUMBER 16   /* numbers up to this explain nothing by being equal */
#define CARRIERS_MOST 6    /* a number that more names carry is a coincidence */

struct rule { const char *id; bool (*holds)(const struct cause_facts *facts, struct cause *out); };

#define CAUSE(id, function) { id, cause_##function },
static const struct rule rules[] = {
#include "causes.def"
};
#undef CAUSE

/* Names of limits weigh more than names that merely have the value. */
static int
weight_of(const char *name)
{
	static const char *const words[] = { "max", "cutoff", "cut", "limit", "len", "seq", "trunc", "block_size", "positions" };
	int weight = 1;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcasestr(name, words[i]))
			weight += 2;
	return weight;
}

const json_t *
cause_named_number(const struct cause_facts *facts, int64_t value, int *frame)
{
	const json_t *best = NULL;
	int best_weight = 0, carriers = 0;

	if (value <= COMMON_NUMBER)
		return NULL;
	for (size_t i = 0; i < json_array_size(facts->numbers); i++) {
		const json_t *entry = json_array_get(facts->numbers, i), *list = json_object_get(entry, "numbers");

		for (size_t n = 0; n < json_array_size(list); n++) {
			const json_t *number = json_array_get(list, n), *is = json_object_get(number, "value");
			int weight = weight_of(text_get(number, "name"));

			if (!json_is_integer(is) || json_integer_value(is) != value)
				continue;
			carriers++;
			if (settings_find(facts->settings, text_get(number, "name"), value))
				weight += 4;
			if (weight <= best_weight)
				continue;
			best = number;
			best_weight = weight;
			*frame = (int)json_integer_value(json_object_get(entry, "frame"));
		}
	}
	return carriers <= CARRIERS_MOST || best_weight > 1 ? best : NULL;
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
cause_json(const struct cause_facts *facts, const char *id, const struct cause *cause)
{
	json_t *json = json_object(), *evidence = json_array();

	text_set(json, "rule", id);
	text_set(json, "confidence", cause->confidence);
	text_set(json, "text", cause->text.data);
	if (cause->evidence.used) {
		json_t *item = json_object();

		text_set_integer(item, "event", facts->event ? facts->event->id : -1, -1);
		text_set(item, "text", cause->evidence.data);
		json_array_append_new(evidence, item);
	}
	json_object_set_new(json, "evidence", evidence);
	text_set(json, "fix", cause->fix.used ? cause->fix.data : NULL);
	if (cause->setting) {
		json_t *setting = json_object();

		text_set(setting, "name", text_get(cause->setting, "name"));
		json_object_set(setting, "value", json_object_get(cause->setting, "value"));
		set_place(facts, cause, setting);
		json_object_set_new(json, "setting", setting);
	} else {
		json_object_set_new(json, "setting", json_null());
	}
	return json;
}

json_t *
causes_build(const struct cause_facts *facts)
{
	json_t *list = json_array();

	for (int confidence = 0; confidence < 3; confidence++)
		for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
			struct cause cause = { .setting_frame = -1 };

			if (rules[i].holds(facts, &cause) && rank_of(cause.confidence) == confidence)
				json_array_append_new(list, cause_json(facts, rules[i].id, &cause));
		}
	return list;
}
