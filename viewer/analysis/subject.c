#include "subject.h"

#include <inttypes.h>
#include <string.h>

#include "mismatch_rule.h"
#include "text.h"

#define FRAMES_MOST 4

static void
subject_start(struct subject *out, const char *operation)
{
	memset(out, 0, sizeof(*out));
	out->event = (struct event){ .id = INT64_MAX, .parent = -1, .scope = -1, .sequence = -1, .site = -1, .operation = operation,
				     .overload = "", .phase = "other", .status = "failed", .operands = out->operands };
}

/* One more operand of SHAPE; false where there is no room for it or it has no plain sizes. */
static struct operand *
add_operand(struct subject *out, const char *name, const json_t *shape)
{
	int place = out->event.operand_count;
	int64_t *sizes = out->sizes[place < SUBJECT_OPERANDS_MOST ? place : 0];
	struct operand *operand;

	if (place >= SUBJECT_OPERANDS_MOST || !json_is_array(shape) || json_array_size(shape) > SUBJECT_DIMS_MOST)
		return NULL;
	for (size_t d = 0; d < json_array_size(shape); d++) {
		if (!json_is_integer(json_array_get(shape, d)))
			return NULL;
		sizes[d] = json_integer_value(json_array_get(shape, d));
	}
	operand = &out->operands[out->event.operand_count++];
	*operand = (struct operand){ .name = name, .kind = "tensor", .item = -1, .tensor = -1, .sizes = sizes,
				     .ndim = (int)json_array_size(shape) };
	return operand;
}

static void
describe(struct operand *operand, const json_t *local)
{
	const json_t *tensor = json_object_get(local, "tensor");

	operand->dtype = *text_get(local, "dtype") ? text_get(local, "dtype") : NULL;
	operand->device = *text_get(local, "device") ? text_get(local, "device") : NULL;
	operand->layout = *text_get(local, "layout") ? text_get(local, "layout") : NULL;
	operand->tensor = json_is_integer(tensor) ? json_integer_value(tensor) : -1;
}

/* The 3 of "batch[3]": what is no tensor is passed over in the list. */
static int
item_number(const char *name, int otherwise)
{
	const char *open = strrchr(name, '[');
	int64_t number;

	return open && open[1] >= '0' && open[1] <= '9' && text_number(&open, &number) && number <= INT32_MAX ? (int)number : otherwise;
}

/* LIST's tensors as the operands of a stack. */
static bool
list_disagrees(struct subject *out, const json_t *list, struct mismatch *found)
{
	const json_t *items = json_object_get(list, "items");
	struct mismatch_facts facts = { .event = &out->event };

	subject_start(out, "aten::stack");
	for (size_t i = 0; i < json_array_size(items) && i < SUBJECT_OPERANDS_MOST; i++) {
		const json_t *item = json_array_get(items, i);
		struct operand *operand;

		if (strcmp(text_get(item, "kind"), "tensor") != 0)
			return false; /* not a plain list of tensors */
		operand = add_operand(out, text_get(item, "name"), json_object_get(item, "shape"));
		if (!operand)
			return false;
		operand->item = item_number(operand->name, (int)i);
		describe(operand, item);
	}
	mismatch_start(found);
	return out->event.operand_count > 1 && mismatch_stack(&facts, found);
}

bool
subject_of_list(struct subject *out, const char *operation, const json_t *frames, struct mismatch *found)
{
	char name[96];

	mismatch_plain_name(operation, name, sizeof(name));
	if (!text_among("resize cat concat stack vstack hstack dstack new_empty empty", name))
		return false;
	for (size_t f = 0; f < json_array_size(frames) && f < FRAMES_MOST; f++) {
		const json_t *locals = json_object_get(json_array_get(frames, f), "locals");

		for (size_t i = 0; i < json_array_size(locals); i++) {
			const json_t *local = json_array_get(locals, i);

			if (text_among("list tuple", text_get(local, "kind")) && list_disagrees(out, local, found))
				return true;
		}
	}
	mismatch_start(found);
	return false;
}

/* The next "[300, 8]" at or after *AT as a list of numbers; moves *AT on. New reference, NULL if there is none. */
static json_t *
read_shape(const char **at)
{
	const char *open = strchr(*at, '['), *close = open ? strchr(open, ']') : NULL;
	json_t *shape;

	if (!close || close - open > 200)
		return NULL;
	shape = json_loadb(open, (size_t)(close - open) + 1, 0, NULL);
	*at = close + 1;
	return shape;
}

/* The tensor of the checkpoint that is called NAME among the locals ("saved['embed.weight']"). */
static const json_t *
find_saved(const json_t *frames, const char *name)
{
	char ending[200];
	size_t size;

	text_format(ending, sizeof(ending), "['%s']", name);
	size = strlen(ending);
	for (size_t f = 0; f < json_array_size(frames); f++) {
		const json_t *locals = json_object_get(json_array_get(frames, f), "locals");

		for (size_t i = 0; i < json_array_size(locals); i++) {
			const json_t *items = json_object_get(json_array_get(locals, i), "items");

			for (size_t n = 0; n < json_array_size(items); n++) {
				const char *is = text_get(json_array_get(items, n), "name");

				if (strlen(is) >= size && strcmp(is + strlen(is) - size, ending) == 0)
					return json_array_get(items, n);
			}
		}
	}
	return NULL;
}

static bool
state_checkpoint(struct subject *out, struct mismatch *found)
{
	const struct operand *saved = &out->operands[0], *model = &out->operands[1];
	struct mismatch_facts facts = { .event = &out->event };
	struct text text = {{0}, 0};
	bool differs = false;

	mismatch_start(found);
	if (saved->ndim != model->ndim)
		differs = state_rank(&facts, found, 0, 1, model->ndim);
	for (int d = 0; d < saved->ndim && !differs; d++)
		if (saved->sizes[d] != model->sizes[d])
			differs = state_size(&facts, found, 0, d, 1, d, model->sizes[d], saved->sizes[d]);
	if (!differs)
		return false;
	text_add(&text, "%s is ", saved->name);
	text_add_sizes(&text, saved->sizes, saved->ndim);
	text_add(&text, " in the checkpoint where the model has ");
	text_add_sizes(&text, model->sizes, model->ndim);
	if (out->more)
		text_add(&text, " (and %d more parameter%s of another shape)", out->more, out->more == 1 ? "" : "s");
	text_format(found->text, sizeof(found->text), "%s", text.data);
	return found->from_message = true;
}

bool
subject_of_checkpoint(struct subject *out, const char *message, const json_t *frames, struct mismatch *found)
{
	static const char mark[] = "size mismatch for ";
	const char *at = message ? strstr(message, mark) : NULL, *end = at ? strstr(at, ": ") : NULL, *next = end;
	json_t *saved, *model;
	bool differs = false;

	if (!end || !strstr(end, "checkpoint") || (size_t)(end - at) > sizeof(mark) + sizeof(out->names[0]) - 2)
		return false;
	subject_start(out, SUBJECT_LOAD);
	at += sizeof(mark) - 1;
	text_format(out->names[0], sizeof(out->names[0]), "%.*s", (int)(end - at), at);
	text_format(out->names[1], sizeof(out->names[1]), "the model's %.140s", out->names[0]);
	saved = read_shape(&next);
	model = saved ? read_shape(&next) : NULL;
	for (const char *other = model ? next : ""; (other = strstr(other, mark)); other++)
		out->more++;
	if (saved && model && add_operand(out, out->names[0], saved) && add_operand(out, out->names[1], model)) {
		const json_t *local = find_saved(frames, out->names[0]);

		if (local)
			describe(&out->operands[0], local);
		differs = state_checkpoint(out, found);
	}
	json_decref(saved);
	json_decref(model);
	return differs;
}
