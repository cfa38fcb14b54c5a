#include "subject.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mismatch/mismatch_rule.h"
#include "text.h"

#define FRAMES_MOST 4

void
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

bool
subject_add(struct subject *out, const char *name, const json_t *local)
{
	struct operand *operand = add_operand(out, name, json_object_get(local, "shape"));

	if (operand)
		describe(operand, local);
	return operand != NULL;
}

bool
subject_add_sizes(struct subject *out, const char *name, const int64_t *sizes, int ndim)
{
	json_t *shape = json_array();
	bool added;

	for (int d = 0; d < ndim; d++)
		json_array_append_new(shape, json_integer(sizes[d]));
	added = add_operand(out, name, shape) != NULL;
	json_decref(shape);
	return added;
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
	struct text_walk at = { 0 };
	const json_t *local;

	if (!mismatch_is_any(operation, "resize cat concat stack vstack hstack dstack new_empty empty"))
		return false;
	while ((local = text_next(frames, "locals", &at)) && at.outer < FRAMES_MOST)
		if (text_among("list tuple", text_get(local, "kind")) && list_disagrees(out, local, found))
			return true;
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
	struct text_walk at = { 0 };
	const json_t *local;
	char ending[200];
	size_t size;

	text_format(ending, sizeof(ending), "['%s']", name);
	size = strlen(ending);
	while ((local = text_next(frames, "locals", &at))) {
		const json_t *items = json_object_get(local, "items");

		for (size_t n = 0; n < json_array_size(items); n++) {
			const char *is = text_get(json_array_get(items, n), "name");

			if (strlen(is) >= size && strcmp(is + strlen(is) - size, ending) == 0)
				return json_array_get(items, n);
		}
	}
	return NULL;
}

bool
subject_differs(struct subject *out, struct mismatch *found)
{
	const struct operand *one = &out->operands[0], *other = &out->operands[1];
	struct mismatch_facts facts = { .event = &out->event };
	bool differs = false;

	mismatch_start(found);
	if (one->ndim != other->ndim)
		differs = state_rank(&facts, found, 0, 1, other->ndim);
	for (int d = 0; d < one->ndim && !differs; d++)
		if (one->sizes[d] != other->sizes[d])
			differs = state_size(&facts, found, 0, d, 1, d, other->sizes[d], one->sizes[d]);
	found->from_message = true;
	return differs;
}

static bool
state_checkpoint(struct subject *out, struct mismatch *found)
{
	const struct operand *saved = &out->operands[0], *model = &out->operands[1];
	struct text text = {{0}, 0};

	if (!subject_differs(out, found))
		return false;
	text_add(&text, "%s is ", saved->name);
	text_add_sizes(&text, saved->sizes, saved->ndim);
	text_add(&text, " in the checkpoint where the model has ");
	text_add_sizes(&text, model->sizes, model->ndim);
	if (out->more)
		text_add(&text, " (and %d more parameter%s of another shape)", out->more, language_plural(out->more));
	text_say(found->text, sizeof(found->text), "%s", text.data);
	return true;
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
	text_say(out->names[1], sizeof(out->names[1]), "the model's %.140s", out->names[0]);
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

/* Two operands called by OUT's names, of the shapes that follow MARK and OTHER_MARK in *AT. */
static bool
read_pair(struct subject *out, const char **at, const char *mark, const char *other_mark)
{
	const char *first = strstr(*at, mark), *second;
	json_t *one, *other;
	bool added;

	if (!first)
		return false;
	first += strlen(mark);
	one = read_shape(&first);
	second = one ? strstr(first, other_mark) : NULL;
	other = second ? (second += strlen(other_mark), read_shape(&second)) : NULL;
	added = one && other && add_operand(out, out->names[0], one) && add_operand(out, out->names[1], other);
	json_decref(one);
	json_decref(other);
	if (second)
		*at = second;
	return added;
}

/* The words of MESSAGE from AT up to one of ENDS, in WORD. */
static const char *
read_word(const char *at, const char *ends, char *word, size_t size)
{
	size_t length = strcspn(at, ends);

	text_format(word, size, "%.*s", (int)(length < size ? length : size - 1), at);
	return word;
}

bool
subject_of_gradient(struct subject *out, const char *message, struct mismatch *found)
{
	static const char mark[] = "returned an invalid gradient at index ";
	const char *at = message ? strstr(message, mark) : NULL, *type;
	struct mismatch_facts facts = { .event = &out->event };
	int64_t index = -1;
	char node[100];

	if (!at || strncmp(message, "Function ", 9) != 0)
		return false;
	subject_start(out, SUBJECT_GRADIENT);
	read_word(message + 9, " ", node, sizeof(node));
	text_number(&at, &index);
	text_say(out->names[0], sizeof(out->names[0]), "gradient %" PRId64 " of %.90s", index, node);
	text_say(out->names[1], sizeof(out->names[1]), "input %" PRId64, index);
	if (read_pair(out, &at, "- got ", "compatible with "))
		return subject_differs(out, found);
	subject_start(out, SUBJECT_GRADIENT);
	type = strstr(at, "- expected device ");
	if (!type || !strstr(type, " but got ")) /* of another type: its names are TensorOptions', not told */
		return false;
	read_word(type + strlen("- expected device "), " ", out->types[1], sizeof(out->types[1]));
	read_word(strstr(type, " but got ") + strlen(" but got "), " \n", out->types[0], sizeof(out->types[0]));
	for (int i = 0; i < 2; i++) {
		out->operands[i] = (struct operand){ .name = out->names[i], .kind = "tensor", .item = -1, .tensor = -1, .ndim = -1,
						     .device = out->types[i] };
		out->event.operand_count++;
	}
	mismatch_start(found);
	return state_names(&facts, found, "device", 0, 1, out->types[1], out->types[0]) && (found->from_message = true);
}

bool
subject_of_saved(struct subject *out, const char *message, struct mismatch *found)
{
	const char *at = message && strstr(message, "modified by an inplace operation") ? strstr(message, "is at version ") : NULL;
	const char *sizes = at ? strstr(message, ": [") : NULL;
	long long version, expected;
	json_t *shape;
	bool added;

	if (!at || sscanf(at, "is at version %lld; expected version %lld", &version, &expected) != 2 || version == expected)
		return false;
	subject_start(out, SUBJECT_SAVED);
	text_say(out->names[0], sizeof(out->names[0]), "saved tensor");
	sizes = sizes ? sizes + 3 : NULL; /* behind the bracket around the tensor's type */
	shape = sizes && sizes < at ? read_shape(&sizes) : NULL;
	added = shape && add_operand(out, out->names[0], shape);
	json_decref(shape);
	if (!added)
		return false;
	mismatch_start(found);
	found->property = "version";
	found->operand = 0;
	found->has_expected = found->has_actual = found->from_message = true;
	found->expected = expected;
	found->actual = version;
	text_say(found->text, sizeof(found->text), "a tensor that autograd saved for the backward is at version %" PRId64 " where %" PRId64 " was saved: it was "
		 "written in place since", found->actual, found->expected);
	return true;
}

bool
subject_of_recomputed(struct subject *out, const char **at, struct mismatch *found)
{
	while (strstr(*at, "saved metadata: ") && strstr(*at, "recomputed metadata: ")) {
		struct operand recomputed;

		subject_start(out, SUBJECT_RECOMPUTED);
		text_say(out->names[0], sizeof(out->names[0]), "saved tensor");
		text_say(out->names[1], sizeof(out->names[1]), "recomputed tensor");
		if (!read_pair(out, at, "saved metadata: ", "recomputed metadata: "))
			return false;
		recomputed = out->operands[1];
		out->operands[1] = out->operands[0];
		out->operands[0] = recomputed;
		if (subject_differs(out, found))
			return true;
	}
	return false;
}

/* The length that most of LENGTHS have, and the first that is another; false if all are equal. */
static bool
find_odd(const json_t *lengths, int *odd, int *usual)
{
	size_t count = json_array_size(lengths), most = 0;

	*odd = -1;
	*usual = 0;
	for (size_t i = 0; i < count; i++) {
		size_t same = 0;

		for (size_t n = 0; n < count; n++)
			same += json_equal(json_array_get(lengths, i), json_array_get(lengths, n));
		if (same > most) {
			most = same;
			*usual = (int)i;
		}
	}
	for (size_t i = 0; i < count && *odd < 0; i++)
		if (!json_equal(json_array_get(lengths, i), json_array_get(lengths, (size_t)*usual)))
			*odd = (int)i;
	return *odd >= 0;
}

static bool
asks_for_one_length(const char *message)
{
	static const char *const words[] = { "equal size", "same size", "equal length", "same length", "expected sequence of length", "inhomogeneous", "lengths" };

	return text_contains_any(message, words, sizeof(words) / sizeof(*words));
}

bool
subject_of_lengths(struct subject *out, const char *message, const json_t *frames, struct mismatch *found)
{
	struct text_walk at = { 0 };
	const json_t *local;

	if (!asks_for_one_length(message))
		return false;
	while ((local = text_next(frames, "locals", &at)) && at.outer < FRAMES_MOST) {
		const json_t *lengths = json_object_get(local, "lengths");
		int place[2];

		if (!find_odd(lengths, &place[0], &place[1]))
			continue;
		subject_start(out, SUBJECT_LISTS);
		for (int n = 0; n < 2; n++) {
			int64_t length = json_integer_value(json_array_get(lengths, (size_t)place[n]));

			text_format(out->names[n], sizeof(out->names[n]), "%.120s[%d]", text_get(local, "name"), place[n]);
			if (!subject_add_sizes(out, out->names[n], &length, 1))
				return false;
		}
		return subject_differs(out, found) && !(found->from_message = false);
	}
	return false;
}
