#include "handed.h"

#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

static const char converting[] = "to to_copy type_as";
static const char making[] = "zeros ones full empty rand randn arange linspace zeros_like ones_like full_like empty_like rand_like randn_like "
				 "new_zeros new_ones new_full new_empty";
/* What PyTorch brings to one dtype by itself. */
static const char promoting[] = "cat concat concatenate stack hstack vstack add sub rsub mul div true_divide pow fmod remainder where maximum minimum addcmul addcdiv "
				"lerp atan2 hypot";

bool
handed_is_called(const json_t *local, void *name)
{
	const struct handed_name *called = name;
	const char *is = text_get(local, "name");

	for (size_t i = 0; i < called->size; i++)
		if (is[i] != called->name[i] && (!strchr("'\"", called->name[i]) || !is[i] || !strchr("'\"", is[i])))
			return false;
	return !is[called->size] && json_is_integer(json_object_get(local, "tensor")) && strcmp(text_get(local, "dtype"), called->dtype) == 0;
}

bool
handed_attribute(const char *at, size_t size, const char *attribute, size_t *of)
{
	size_t length = strlen(attribute);

	*of = size > length && strncmp(at + size - length, attribute, length) == 0 ? size - length : size;
	return strncmp(at + *of, attribute, length) == 0 && !text_is_word(at[*of + length]);
}

const char *
handed_next(const char *statement, size_t *size)
{
	size_t path;

	for (const char *at = statement; (at = code_next_path(at, &path)); at += path)
		if (handed_attribute(at, path, ".dtype", size))
			return at;
	return NULL;
}

/* X of the `y.to(X)` in STATEMENT, at or after it. */
static const char *
next_like(const char *statement, size_t *size)
{
	size_t path, of;

	for (const char *at = statement; (at = code_next_path(at, &path)); at += path) {
		const char *given = handed_attribute(at, path, ".to", &of) ? at + of + strlen(".to") : "";

		if (*given == '(' && (*size = code_path(given + 1)) && strchr("),", given[1 + *size]))
			return given + 1;
	}
	return NULL;
}

/* The frames that are left of those that were around the operation at SITE. New reference. */
static json_t *
frames_around(const json_t *frames, const json_t *around)
{
	json_t *out = json_array();

	for (size_t i = 0; i < json_array_size(frames); i++)
		if (where_is_among(around, json_array_get(frames, i)))
			json_array_append(out, json_array_get(frames, i));
	return out;
}

/* The one tensor of DTYPE that STATEMENT takes its dtype from, NEXT after the other; -1. */
static int64_t
tensor_of(const struct cause_facts *left, const char *statement, const char *dtype, const char *(*next)(const char *, size_t *), char name[HANDED_NAME_MOST])
{
	struct handed_name called = { .dtype = dtype };
	int64_t tensor = -1;

	for (const char *at = statement; (called.name = next(at, &called.size)); at = called.name + called.size) {
		const json_t *local = cause_local(left, handed_is_called, &called);
		int64_t is = local ? json_integer_value(json_object_get(local, "tensor")) : -1;

		if (is < 0 || (tensor >= 0 && is != tensor))
			return -1;
		tensor = is;
		text_format(name, HANDED_NAME_MOST, "%s", text_get(local, "name"));
	}
	return tensor;
}

/* The tensor whose dtype STEP took, as its source says; -1. */
static int64_t
tensor_in_source(const struct source *source, const struct failure *failure, const json_t *frames, const struct lineage_step *step, char name[HANDED_NAME_MOST])
{
	json_t *around = where_site_frames(source, failure->process, step->event.site), *left = frames_around(frames, around);
	int chosen = where_choose(around);
	const json_t *frame = chosen < 0 ? NULL : json_array_get(around, (size_t)chosen);
	const char *dtype = step->event.outputs[step->output].dtype;
	struct cause_facts facts = { .frames = left };
	struct code_statement statement;
	int64_t tensor = -1;

	if (where_statement(source, failure, frame, &statement)) {
		tensor = tensor_of(&facts, statement.text, dtype, handed_next, name);
		if (tensor < 0)
			tensor = tensor_of(&facts, statement.text, dtype, next_like, name);
	}
	json_decref(left);
	json_decref(around);
	return tensor;
}

static int64_t
tensor_handing(const struct source *source, const struct failure *failure, const json_t *frames, const struct lineage_step *step, char name[HANDED_NAME_MOST])
{
	int place = rule_tensor(&step->event, "other");

	if (place < 0)
		return tensor_in_source(source, failure, frames, step, name);
	text_format(name, HANDED_NAME_MOST, "%s", step->event.operands[place].name);
	return step->event.operands[place].tensor;
}

static const char *
made_dtype(const struct lineage_step *step)
{
	const char *dtype = step->event.id >= 0 && step->output >= 0 && step->output < step->event.output_count ? step->event.outputs[step->output].dtype : NULL;

	return dtype && rule_is_floating(dtype) ? dtype : NULL;
}

int
handed_follow(const struct source *source, const struct failure *failure, const json_t *frames, const char *wanted, struct lineage *lineage, struct lineage *room,
	      char name[HANDED_NAME_MOST])
{
	struct promotion promotion;
	int64_t tensor = -1;
	int at = 0;

	for (; at < lineage->count && tensor < 0; at++) {
		struct lineage_step *step = &lineage->steps[at];

		if (made_dtype(step) && (mismatch_is_any(step->event.operation, converting) || mismatch_is_any(step->event.operation, making)) && step->event.site >= 0)
			tensor = tensor_handing(source, failure, frames, step, name);
		if (step->decides && tensor < 0)
			return -1;
	}
	if (tensor <= 0)
		return -1;
	lineage_walk_tensor(source, failure->process, tensor, lineage->steps[--at].event.id, -1, LINEAGE_DTYPE, room);
	if (!room->count || room->decider < 0 || !made_dtype(&room->steps[0]) || strcmp(made_dtype(&room->steps[0]), made_dtype(&lineage->steps[at])) != 0 ||
	    (mismatch_is_any(lineage->steps[at].event.operation, making) && !promotion_find(room, wanted, &promotion)))
		return -1;
	lineage->count = at + 1;
	for (int i = 0; i < room->count && lineage->count < LINEAGE_STEPS_MOST; i++)
		lineage->steps[lineage->count++] = room->steps[i];
	lineage->decider = at + 1 + room->decider < lineage->count ? at + 1 + room->decider : -1;
	lineage->steps[at].decides = false;
	text_say(lineage->steps[at].how, sizeof(lineage->steps[at].how), "the dtype of %s", name);
	return at;
}

int
handed_at(const struct lineage *lineage, int at)
{
	for (int i = at - 1; i >= 0; i--) {
		const struct lineage_step *step = &lineage->steps[i], *maker = step + 1;
		bool takes = maker->output < 0 || maker->output >= maker->event.output_count;

		for (int n = rule_next(&step->event, 0); n >= 0 && !takes; n = rule_next(&step->event, n + 1))
			takes = step->event.operands[n].tensor == maker->event.outputs[maker->output].tensor;
		if (!takes && (mismatch_is_any(step->event.operation, converting) || mismatch_is_any(step->event.operation, making)))
			return i;
	}
	return -1;
}

bool
promotion_find(const struct lineage *lineage, const char *wanted, struct promotion *out)
{
	for (int at = 0; at < lineage->count; at++) {
		const struct lineage_step *step = &lineage->steps[at];
		const char *made = made_dtype(step);

		if (!made || !mismatch_is_any(step->event.operation, promoting) || mismatch_is_in_place(step->event.operation) || strcmp(made, wanted) == 0)
			continue;
		*out = (struct promotion){ .at = at, .place = -1 };
		for (int i = rule_next(&step->event, 0); i >= 0; i = rule_next(&step->event, i + 1)) {
			const struct operand *is = &step->event.operands[i];
			bool wide = is->dtype && strcmp(is->dtype, made) == 0 && is->ndim > 0;

			if (wide && !out->wide++)
				out->place = i;
			out->narrow += is->dtype && strcmp(is->dtype, wanted) == 0 && is->ndim > 0;
		}
		if (out->wide && out->narrow)
			return true;
	}
	return false;
}
