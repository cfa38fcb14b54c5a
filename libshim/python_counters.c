/* See python_counters.h. */
#include <stdio.h>
#include <string.h>

#include "python_counters.h"

/* Where counters are kept: on an object of a frame's, directly or one attribute deeper. */
static const struct { const char *object, *counter; } counters[] = {
	{ "state", "global_step" }, { "state", "epoch" }, { "state", "max_steps" }, /* transformers.TrainerState */
	{ NULL, "global_steps" }, { NULL, "micro_steps" },                          /* deepspeed.DeepSpeedEngine */
};

#define COUNTERS ((int)(sizeof counters / sizeof counters[0]))

struct search {
	struct json_writer *json;
	uint32_t reserve;
	bool found[COUNTERS];
};

static bool
write_counter(struct json_writer *json, const char *variable, int which, struct python_object *value)
{
	char name[160], text[64];
	int64_t number = 0;
	bool real = python_is(value, py.PyFloat_Type);

	if (!real && !python_integer(value, &number))
		return false;
	snprintf(name, sizeof name, "%.100s%s%s.%s", variable, counters[which].object ? "." : "",
		 counters[which].object ? counters[which].object : "", counters[which].counter);
	json_object_begin(json);
	json_key(json, "name");
	json_string(json, name);
	json_key(json, "value");
	if (real) {
		struct python_object *string = py.PyObject_Str(value);
		python_text_copy(string, text, sizeof text);
		json_number(json, text, strlen(text));
		python_release(string);
	} else {
		json_int(json, number);
	}
	json_object_end(json);
	return true;
}

/* Only what stands for the training itself: a look into every variable would make dictionaries that the program never asked for. */
static bool
is_worth_a_look(const char *name)
{
	static const char *const names[] = { "self", "trainer", "engine", "model_engine", "model", "state" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static bool
visit(void *context, const char *name, struct python_object *object)
{
	struct search *search = context;
	struct python_object *dict = is_worth_a_look(name) && python_kind(object) == PYTHON_OTHER ? python_dict(object) : NULL;

	for (int i = 0; dict && i < COUNTERS && json_left(search->json) > search->reserve; i++) {
		struct python_object *holder = counters[i].object ? python_item(dict, counters[i].object) : NULL, *inner = NULL;
		if (search->found[i] || (counters[i].object && python_kind(holder) != PYTHON_OTHER))
			continue;
		if (counters[i].object && !(inner = holder ? python_dict(holder) : NULL))
			continue;
		struct python_object *value = python_item(inner ? inner : dict, counters[i].counter);
		search->found[i] = value && write_counter(search->json, name, i, value);
		python_release(inner);
	}
	python_release(dict);
	py.PyErr_Clear();
	return json_left(search->json) > search->reserve;
}

void
python_counters_write(struct json_writer *json, const struct python_trace *trace, uint32_t reserve)
{
	struct search search = { .json = json, .reserve = reserve + 512 };
	struct python_visitor visitor = { visit, &search };

	json_array_begin(json);
	for (int i = 0; i < trace->count + trace->caller_count; i++)
		python_trace_variables(i < trace->count ? &trace->frames[i] : &trace->callers[i - trace->count], &visitor);
	json_array_end(json);
}
